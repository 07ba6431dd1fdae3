/** Whom tokens name while Availability is out of reach. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SECOND_MS } from "../../../shared/time-units.ts";
import { ADA, type IdentitiesUnderTest, identitiesUnderTest } from "../../../test/support/identities.ts";
import { FRESH_MS, GRACE_MS, REFUSED_MS } from "./identities.ts";
import { COOLDOWN_MS } from "./outage.ts";

let world: IdentitiesUnderTest;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  // Later than any beginning, as in every process that has run for a while.
  vi.advanceTimersByTime(SECOND_MS);
  world = identitiesUnderTest();
});

afterEach(() => {
  vi.useRealTimers();
});

test("who was known stays known for an hour, and waits for nothing once that is known of Availability", async () => {
  world.peer?.set("bob", { ...ADA, id: "bob's" });
  for (const subject of ["ada", "bob"]) await world.find(subject);
  world.peer = undefined;
  vi.advanceTimersByTime(FRESH_MS);
  expect([await world.find("ada"), world.asked.length]).toEqual([ADA, 3]);
  vi.advanceTimersByTime(COOLDOWN_MS - 1);
  expect([...["ada", "bob"].map(world.findsAtOnce), world.asked.length]).toEqual([true, true, 3]);
  vi.advanceTimersByTime(GRACE_MS - FRESH_MS - COOLDOWN_MS);
  expect(world.findsAtOnce("ada")).toBe(true);
  vi.advanceTimersByTime(1);
  expect(await world.find("ada")).toBe("CallersOutOfReach");
});

test("one ask at a time finds out whether it is back, and those who are known do not wait for it", async () => {
  const subjects = ["ada", ADA.id];
  for (const subject of subjects) await world.find(subject);
  world.peer = undefined;
  world.identities.doubtAll();
  vi.advanceTimersByTime(1);
  for (const subject of subjects) expect(await world.find(subject)).toEqual(ADA);
  expect(world.asked).toHaveLength(3);
  const held = Promise.withResolvers<void>();
  world.holdBack = held.promise;
  vi.advanceTimersByTime(COOLDOWN_MS);
  expect([subjects.map(world.findsAtOnce), world.asked.length]).toEqual([[true, true], 4]);
  vi.advanceTimersByTime(COOLDOWN_MS);
  expect([subjects.map(world.findsAtOnce), world.asked.length]).toEqual([[true, true], 4]);
  held.resolve();
  world.peer = new Map([["ada", { ...ADA, id: "another" }]]);
  await vi.waitFor(async () => {
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await world.find("ada")).toMatchObject({ id: "another" });
  });
});

test("who is not known is told so at once, except the one who finds out whether it is back", async () => {
  world.peer = undefined;
  for (const subject of ["a", "b", "c"]) expect(await world.find(subject)).toBe("CallersOutOfReach");
  expect(world.asked).toEqual(["a"]);
  vi.advanceTimersByTime(COOLDOWN_MS);
  world.peer = new Map([["b", ADA]]);
  expect([await world.find("b"), await world.find("c"), world.asked]).toEqual([ADA, undefined, ["a", "b", "c"]]);
});

test("who was forgotten is not known", async () => {
  await world.find("ada");
  world.peer = undefined;
  world.identities.forget(ADA.id);
  expect(await world.find("ada")).toBe("CallersOutOfReach");
});

test("our own database says who has an id, and is believed until Availability is back", async () => {
  world.peer = undefined;
  world.here.set(ADA.id, ADA);
  expect(await world.find(ADA.id)).toEqual(ADA);
  expect(world.findsAtOnce(ADA.id)).toBe(true);
  world.peer = new Map();
  vi.advanceTimersByTime(COOLDOWN_MS);
  expect(await world.find(ADA.id)).toEqual(ADA);
  expect(await world.find(ADA.id)).toBeUndefined();
});

test("it says of whom it knows to be erased that it is", async () => {
  world.peer = undefined;
  world.here.set(ADA.id, { ...ADA, isErased: true });
  expect(await world.find(ADA.id)).toMatchObject({ isErased: true });
  vi.advanceTimersByTime(REFUSED_MS);
  expect(world.findsAtOnce(ADA.id)).toBe(false);
});

test("the log says so once in ten seconds", async () => {
  world.peer = undefined;
  for (const subject of ["a", "b", "c"]) expect(await world.find(subject)).toBe("CallersOutOfReach");
  expect(world.lines).toHaveLength(1);
  vi.advanceTimersByTime(10 * SECOND_MS);
  await world.find("a");
  expect(world.lines).toHaveLength(2);
});
