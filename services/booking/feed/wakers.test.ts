import { expect, test } from "vitest";
import { openWakers } from "./wakers.ts";

const LONG_MS = 60_000;
const { signal } = new AbortController();

test("everybody who sleeps for a host is woken, and nobody else", async () => {
  const wakers = openWakers();
  const woken: string[] = [];
  const sleeps = ["a", "a", "b"].map((hostId) =>
    wakers
      .next(hostId)
      .sleep(LONG_MS, signal)
      .then(() => woken.push(hostId)),
  );
  wakers.wake(["a", "c"]);
  await Promise.all(sleeps.slice(0, 2));
  expect(woken).toEqual(["a", "a"]);
  expect(wakers.hostIds()).toEqual(["b"]);
});

test("who stops sleeping leaves nothing behind, whether woken before or not", () => {
  const wakers = openWakers();
  const [first, second] = [wakers.next("a"), wakers.next("a")];
  first.cancel();
  expect(wakers.hostIds()).toEqual(["a"]);
  second.cancel();
  expect(wakers.hostIds()).toEqual([]);
  const third = wakers.next("a");
  wakers.wake(["a"]);
  const fourth = wakers.next("a");
  third.cancel();
  expect(wakers.hostIds()).toEqual(["a"]);
  fourth.cancel();
  expect(wakers.hostIds()).toEqual([]);
});

test("a sleeper sleeps on after it was late, and hears of what happened before it fell asleep", async () => {
  const wakers = openWakers();
  const sleeper = wakers.next("a");
  expect(await sleeper.sleep(1, signal)).toBe("late");
  const asleep = sleeper.sleep(LONG_MS, signal);
  wakers.wake(["a"]);
  expect(await asleep).toBe("woken");
  expect(await sleeper.sleep(LONG_MS, signal)).toBe("woken");
});

test("a sleeper that is called off wakes with the reason", async () => {
  const leaving = new AbortController();
  const asleep = openWakers().next("a").sleep(LONG_MS, leaving.signal);
  leaving.abort(new Error("left"));
  await expect(asleep).rejects.toThrow("left");
});
