import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const patient = new AbortController().signal;

test("one after another at the same key, and nobody waits for another key", async () => {
  const turns = createTurns();
  const first = await turns.take("a", 0, patient);
  expect(await turns.take("b", 0, patient)).toBeDefined();
  expect(await turns.take("a", 1, patient)).toBeUndefined();
  const second = turns.take("a", 10_000, patient);
  first?.();
  expect(await second).toBeDefined();
});

test("a turn that is given back twice is one turn", async () => {
  const turns = createTurns();
  const first = await turns.take("a", 0, patient);
  first?.();
  const second = await turns.take("a", 0, patient);
  first?.();
  expect(await turns.take("a", 0, patient)).toBeUndefined();
  second?.();
  expect(await turns.take("a", 0, patient)).toBeDefined();
});

test("nothing is kept of a key at which nobody is any more, whether they had their turn, waited in vain or left", async () => {
  const turns = createTurns();
  const giveUp = new AbortController();
  const held = await turns.take("a", 0, patient);
  const leaving = turns.take("a", 10_000, giveUp.signal);
  giveUp.abort(new Error("the caller left"));
  await expect(leaving).rejects.toThrow("the caller left");
  expect(await turns.take("a", 0, patient)).toBeUndefined();
  expect(turns.keyCount()).toBe(1);
  held?.();
  expect(turns.keyCount()).toBe(0);
});
