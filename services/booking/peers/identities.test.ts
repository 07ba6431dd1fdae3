import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SECOND_MS } from "../../../shared/time-units.ts";
import { ADA, type IdentitiesUnderTest, identitiesUnderTest } from "../../../test/support/identities.ts";
import { FRESH_MS, REFUSED_MS } from "./identities.ts";

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

test("who is known is found at once for five minutes, and those who ask at the same time share one ask", async () => {
  expect(await Promise.all([world.find("ada"), world.find("ada")])).toEqual([ADA, ADA]);
  vi.advanceTimersByTime(FRESH_MS - 1);
  expect(world.findsAtOnce("ada")).toBe(true);
  expect(world.asked).toEqual(["ada"]);
  vi.advanceTimersByTime(1);
  expect(world.findsAtOnce("ada")).toBe(false);
  expect(world.asked).toEqual(["ada", "ada"]);
});

test("that nobody has a subject is remembered for a second only: a user may be made with it", async () => {
  expect(await world.find("eve")).toBeUndefined();
  world.peer?.set("eve", { ...ADA, id: "eve's" });
  vi.advanceTimersByTime(REFUSED_MS - 1);
  expect(world.findsAtOnce("eve")).toBe(true);
  expect(await world.find("eve")).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(await world.find("eve")).toMatchObject({ id: "eve's" });
});

test("a subject that is nobody's any more is forgotten, also for the time without Availability", async () => {
  await world.find("ada");
  world.peer?.clear();
  vi.advanceTimersByTime(FRESH_MS);
  expect(await world.find("ada")).toBeUndefined();
  vi.advanceTimersByTime(REFUSED_MS);
  world.peer = undefined;
  expect(await world.find("ada")).toBe("CallersOutOfReach");
});

test("that somebody is erased is remembered for a second, too", async () => {
  const erased = { ...ADA, isErased: true };
  world.peer?.set("ada", erased);
  expect([await world.find("ada"), await world.find("ada"), world.asked]).toEqual([erased, erased, ["ada"]]);
  vi.advanceTimersByTime(REFUSED_MS);
  expect(world.findsAtOnce("ada")).toBe(false);
});

test.each<[what: string, happens: () => void]>([
  ["a user changes", () => world.identities.forget("bob's")],
  ["a change may have been missed", () => world.identities.doubtAll()],
])("who was nobody is world.asked about again when %s", async (_what, happens) => {
  expect([await world.find("eve"), world.findsAtOnce("eve")]).toEqual([undefined, true]);
  vi.advanceTimersByTime(1);
  happens();
  expect(world.findsAtOnce("eve")).toBe(false);
});

describe("a user that has changed is asked about again", () => {
  test("by each of its subjects, and nobody else is", async () => {
    world.peer?.set("bob", { ...ADA, id: "bob's" });
    for (const subject of ["ada", ADA.id, "bob"]) await world.find(subject);
    world.identities.forget(ADA.id);
    expect(["ada", ADA.id, "bob"].map(world.findsAtOnce)).toEqual([false, false, true]);
  });

  test("after a change of anybody may have been missed, and is the one who was known where nobody can be asked", async () => {
    await world.find("ada");
    world.identities.doubtAll();
    world.peer = undefined;
    expect(world.findsAtOnce("ada")).toBe(false);
    expect(await world.find("ada")).toEqual(ADA);
  });

  test("after a change may have been missed, our own database tells who is erased where nobody else can, once", async () => {
    for (const subject of ["ada", ADA.id]) await world.find(subject);
    world.identities.doubtAll();
    world.peer = undefined;
    vi.advanceTimersByTime(1);
    expect([await world.find("ada"), world.findsAtOnce("ada"), world.looked]).toEqual([ADA, true, [ADA.id]]);
    world.erasedHere.add(ADA.id);
    expect(await world.find(ADA.id)).toEqual({ ...ADA, isErased: true });
    expect([await world.find(ADA.id), world.asked.length]).toEqual([{ ...ADA, isErased: true }, 3]);
    world.identities.doubtAll();
    vi.advanceTimersByTime(1);
    expect(await world.find("ada")).toEqual({ ...ADA, isErased: true });
  });

  test("and what our own database said before is not remembered", async () => {
    world.peer = undefined;
    world.here.set(ADA.id, ADA);
    const held = Promise.withResolvers<void>();
    const before = world.find(ADA.id);
    world.holdBack = held.promise;
    await vi.waitFor(() => expect(world.looked).toHaveLength(1));
    vi.advanceTimersByTime(1);
    world.identities.forget(ADA.id);
    held.resolve();
    expect([await before, world.findsAtOnce(ADA.id)]).toEqual([ADA, false]);
  });

  test("and an answer that is on its way meanwhile is neither remembered nor shared", async () => {
    const held = Promise.withResolvers<void>();
    world.holdBack = held.promise;
    const before = world.find("ada");
    await vi.waitFor(() => expect(world.asked).toHaveLength(1));
    vi.advanceTimersByTime(1);
    world.identities.forget(ADA.id);
    world.peer = new Map();
    vi.advanceTimersByTime(1);
    const after = world.find("ada");
    held.resolve();
    expect([await before, await after]).toEqual([ADA, undefined]);
    vi.advanceTimersByTime(REFUSED_MS);
    expect(world.findsAtOnce("ada")).toBe(false);
  });
});
