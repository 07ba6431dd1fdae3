import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { waitFor } from "./wait.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("neither a timer nor a listener stays behind, however the wait ends", async () => {
  const caller = new AbortController();
  const begin = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const lateAt = performance.now() + 1000;
    const wait = waitFor(promise, caller.signal, {
      leave: () => reject(caller.signal.reason),
      late: () => resolve("late"),
      lateAt: () => lateAt,
    });
    return { wait, resolve };
  };
  const settled = begin();
  settled.resolve("settled");
  expect(await settled.wait).toBe("settled");
  const late = begin();
  await vi.advanceTimersByTimeAsync(1000);
  expect(await late.wait).toBe("late");
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
  const left = begin();
  caller.abort(new Error("the caller left"));
  await expect(left.wait).rejects.toThrow("the caller left");
  expect(vi.getTimerCount()).toBe(0);
});

test("a wait whose time has moved on goes on", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let lateAt = performance.now() + 1000;
  const told: string[] = [];
  const wait = waitFor(promise, new AbortController().signal, {
    leave: () => undefined,
    late: () => resolve("late"),
    lateAt: () => lateAt,
  });
  void wait.then((end) => told.push(end));
  lateAt += 500;
  await vi.advanceTimersByTimeAsync(1499);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(["late"]);
});
