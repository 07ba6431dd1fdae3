import { expect, test, vi } from "vitest";
import { createSemaphore } from "./semaphore.ts";

const patient = new AbortController().signal;

test("a permit goes to those who wait, in order", async () => {
  const semaphore = createSemaphore(1);
  const first = await semaphore.acquire(0, patient);
  const order: string[] = [];
  const waiting = ["second", "third"].map(async (name) => {
    const release = await semaphore.acquire(10_000, patient);
    order.push(name);
    release?.();
  });
  first?.();
  await Promise.all(waiting);
  expect(order).toEqual(["second", "third"]);
});

test("who waits in vain gets none, and takes none from the others", async () => {
  const semaphore = createSemaphore(1);
  const held = await semaphore.acquire(0, patient);
  expect(await semaphore.acquire(1, patient)).toBeUndefined();
  held?.();
  expect(await semaphore.acquire(0, patient)).toBeDefined();
});

test("who waits is patient as long as permits go round", async () => {
  vi.useFakeTimers();
  try {
    const semaphore = createSemaphore(1);
    let held = await semaphore.acquire(0, patient);
    const waiting = Array.from({ length: 5 }, () => semaphore.acquire(1_000, patient));
    for (const next of waiting) {
      await vi.advanceTimersByTimeAsync(900);
      held?.();
      held = await next;
      expect(held).toBeDefined();
    }
    const last = semaphore.acquire(1_000, patient);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(await last).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

test("who gives up while waiting is told why", async () => {
  const semaphore = createSemaphore(1);
  await semaphore.acquire(0, patient);
  const giveUp = new AbortController();
  // The longest that a timer can be set for: it is not that this wait ends.
  const waiting = semaphore.acquire(2 ** 31 - 1, giveUp.signal);
  giveUp.abort(new Error("the caller left"));
  await expect(waiting).rejects.toThrow("the caller left");
});

test("a permit that is given back twice is one permit", async () => {
  const semaphore = createSemaphore(1);
  const release = await semaphore.acquire(0, patient);
  release?.();
  release?.();
  expect(await semaphore.acquire(0, patient)).toBeDefined();
  expect(await semaphore.acquire(0, patient)).toBeUndefined();
});
