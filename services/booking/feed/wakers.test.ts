import { expect, test } from "vitest";
import { openWakers } from "./wakers.ts";

test("everybody who sleeps for a host is woken, and nobody else", async () => {
  const wakers = openWakers();
  const woken: string[] = [];
  const sleepers = ["a", "a", "b"].map((hostId) => wakers.next(hostId).woken.then(() => woken.push(hostId)));
  wakers.wake(["a", "c"]);
  await Promise.all(sleepers.slice(0, 2));
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
