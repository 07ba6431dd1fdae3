import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTurns, type Turn, type Turns } from "./turns.ts";

const patient = new AbortController().signal;
const limits = { waitingMax: 3, standstillMs: 5000 };

let turns: Turns;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  turns = createTurns(limits);
});

afterEach(() => {
  vi.useRealTimers();
});

async function take(key: string): Promise<Turn> {
  const turn = await turns.take(key, patient);
  if (typeof turn === "string") throw new Error(turn);
  return turn;
}

/** Waits behind whoever has the turn, and notes when it is told what. */
function queueUp(told: unknown[], name: string, signal = patient): Promise<Turn | "standstill" | "full"> {
  const taken = turns.take("a", signal);
  taken.then(
    (turn) => told.push(typeof turn === "string" ? `${name}: ${turn}` : name),
    () => told.push(`${name}: left`),
  );
  return taken;
}

test("one after another at the same key, in order, and nobody waits for another key", async () => {
  const told: unknown[] = [];
  const first = await take("a");
  const second = queueUp(told, "second") as Promise<Turn>;
  const third = queueUp(told, "third") as Promise<Turn>;
  await take("b");
  expect(told).toEqual([]);
  first.release();
  (await second).release();
  (await third).release();
  expect(told).toEqual(["second", "third"]);
});

test("a turn that is given back twice is one turn", async () => {
  const told: unknown[] = [];
  const first = await take("a");
  const second = queueUp(told, "second") as Promise<Turn>;
  void queueUp(told, "third").then((turn) => (turn as Turn).release());
  first.release();
  first.release();
  await second;
  // The third, had it been given a turn too, would be told of it a little later than the second.
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(["second"]);
  (await second).release();
});

test("a queue that moves is waited in, however long that takes", async () => {
  const told: unknown[] = [];
  const first = await take("a");
  const last = queueUp(told, "last") as Promise<Turn>;
  for (let step = 0; step < 10; step += 1) {
    await vi.advanceTimersByTimeAsync(limits.standstillMs - 1);
    first.moved();
  }
  expect(told).toEqual([]);
  first.release();
  (await last).release();
});

test("a queue that stands still is not: each has waited for itself, or since something moved", async () => {
  const told: unknown[] = [];
  const first = await take("a");
  await vi.advanceTimersByTimeAsync(10 * limits.standstillMs);
  void queueUp(told, "early");
  await vi.advanceTimersByTimeAsync(1000);
  void queueUp(told, "late");
  await vi.advanceTimersByTimeAsync(limits.standstillMs - 1001);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(["early: standstill"]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual(["early: standstill", "late: standstill"]);
  first.release();
});

test("that turns are given back without anything having moved is a standstill", async () => {
  const told: unknown[] = [];
  const first = await take("a");
  const second = queueUp(told, "second") as Promise<Turn>;
  void queueUp(told, "third");
  await vi.advanceTimersByTimeAsync(limits.standstillMs - 1);
  first.release();
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toEqual(["second", "third: standstill"]);
  (await second).release();
});

test("where as many wait as may, others are turned away at once, until one has left or had its turn", async () => {
  const told: unknown[] = [];
  const first = await take("a");
  const leaving = new AbortController();
  const left = queueUp(told, "leaves", leaving.signal);
  const others = ["second", "third"].map((name) => queueUp(told, name) as Promise<Turn>);
  expect(await turns.take("a", patient)).toBe("full");
  leaving.abort(new Error("the caller left"));
  await expect(left).rejects.toThrow("the caller left");
  others.push(queueUp(told, "fourth") as Promise<Turn>);
  expect(await turns.take("a", patient)).toBe("full");
  first.release();
  for (const other of others) (await other).release();
  expect(told).toEqual(["leaves: left", "second", "third", "fourth"]);
});

test("nothing is kept of a key at which nobody is any more, whether they had their turn, waited in vain or left", async () => {
  const giveUp = new AbortController();
  const held = await take("a");
  const leaving = turns.take("a", giveUp.signal);
  giveUp.abort(new Error("the caller left"));
  await expect(leaving).rejects.toThrow("the caller left");
  expect(vi.getTimerCount()).toBe(0);
  await expect(turns.take("a", giveUp.signal)).rejects.toThrow("the caller left");
  const inVain = turns.take("a", patient);
  await vi.advanceTimersByTimeAsync(limits.standstillMs);
  expect(await inVain).toBe("standstill");
  expect(turns.keyCount()).toBe(1);
  held.release();
  expect(turns.keyCount()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
