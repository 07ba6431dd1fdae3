import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Claims } from "../../../shared/auth/claims.ts";
import type { TokenUser } from "../../../shared/auth/identify.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { SECOND_MS } from "../../../shared/time-units.ts";
import { FRESH_MS, GRACE_MS, type Identities, REFUSED_MS, rememberIdentities } from "./identities.ts";
import { COOLDOWN_MS } from "./outage.ts";

const ADA: TokenUser = { id: "01a20a9e-fa67-7f02-bcc1-d6992f517cd2", role: "USER", isErased: false };

/** Whom Availability knows by which subject; undefined while it is out of reach. */
let peer: Map<string, TokenUser> | undefined;
/** Whom our own database knows. */
let here: Map<string, TokenUser>;
/** Whom our own database calls erased. */
let erasedHere: Set<string>;
let looked: string[];
let asked: string[];
let lines: string[];
/** Holds the answer of the next ask back until it is called. */
let holdBack: Promise<void> | undefined;
let identities: Identities;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  // Later than any beginning, as in every process that has run for a while.
  vi.advanceTimersByTime(SECOND_MS);
  peer = new Map([
    ["ada", ADA],
    [ADA.id, ADA],
  ]);
  here = new Map();
  erasedHere = new Set();
  looked = [];
  asked = [];
  lines = [];
  holdBack = undefined;
  identities = rememberIdentities({
    peer: {
      async resolveSubject(subject) {
        asked.push(subject);
        const known = peer;
        await holdBack;
        if (known === undefined) throw new Refusal("PEER_UNAVAILABLE", "gone");
        const user = known.get(subject);
        if (user === undefined) throw new Refusal("USER_NOT_FOUND", "nobody");
        return user;
      },
    },
    async findHere({ subject }) {
      looked.push(subject);
      const known = here.get(subject);
      await holdBack;
      return known;
    },
    async isErasedHere(userId) {
      looked.push(userId);
      const isErased = erasedHere.has(userId);
      await holdBack;
      return isErased;
    },
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What is found at once, or in the end, or how that fails. */
async function find(subject: string): Promise<TokenUser | undefined | string> {
  const claims: Claims = { issuer: "i", subject, roles: ["USER"], expireTime: Infinity, identity: undefined };
  const caller = { deadline: monotonicMs() + SECOND_MS, signal: new AbortController().signal };
  return Promise.resolve(identities.find(claims, caller)).catch(({ name }: Error) => name);
}

function findsAtOnce(subject: string): boolean {
  const claims: Claims = { issuer: "i", subject, roles: ["USER"], expireTime: Infinity, identity: undefined };
  const caller = { deadline: monotonicMs() + SECOND_MS, signal: new AbortController().signal };
  const found = identities.find(claims, caller);
  if (!(found instanceof Promise)) return true;
  found.catch(() => undefined);
  return false;
}

test("who is known is found at once for five minutes, and those who ask at the same time share one ask", async () => {
  expect(await Promise.all([find("ada"), find("ada")])).toEqual([ADA, ADA]);
  vi.advanceTimersByTime(FRESH_MS - 1);
  expect(findsAtOnce("ada")).toBe(true);
  expect(asked).toEqual(["ada"]);
  vi.advanceTimersByTime(1);
  expect(findsAtOnce("ada")).toBe(false);
  expect(asked).toEqual(["ada", "ada"]);
});

test("that nobody has a subject is remembered for a second only: a user may be made with it", async () => {
  expect(await find("eve")).toBeUndefined();
  peer?.set("eve", { ...ADA, id: "eve's" });
  vi.advanceTimersByTime(REFUSED_MS - 1);
  expect(findsAtOnce("eve")).toBe(true);
  expect(await find("eve")).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(await find("eve")).toMatchObject({ id: "eve's" });
});

test("a subject that is nobody's any more is forgotten, also for the time without Availability", async () => {
  await find("ada");
  peer?.clear();
  vi.advanceTimersByTime(FRESH_MS);
  expect(await find("ada")).toBeUndefined();
  vi.advanceTimersByTime(REFUSED_MS);
  peer = undefined;
  expect(await find("ada")).toBe("CallersOutOfReach");
});

test("that somebody is erased is remembered for a second, too", async () => {
  const erased = { ...ADA, isErased: true };
  peer?.set("ada", erased);
  expect([await find("ada"), await find("ada"), asked]).toEqual([erased, erased, ["ada"]]);
  vi.advanceTimersByTime(REFUSED_MS);
  expect(findsAtOnce("ada")).toBe(false);
});

test.each<[what: string, happens: () => void]>([
  ["a user changes", () => identities.forget("bob's")],
  ["a change may have been missed", () => identities.doubtAll()],
])("who was nobody is asked about again when %s", async (_what, happens) => {
  expect([await find("eve"), findsAtOnce("eve")]).toEqual([undefined, true]);
  vi.advanceTimersByTime(1);
  happens();
  expect(findsAtOnce("eve")).toBe(false);
});

describe("a user that has changed is asked about again", () => {
  test("by each of its subjects, and nobody else is", async () => {
    peer?.set("bob", { ...ADA, id: "bob's" });
    for (const subject of ["ada", ADA.id, "bob"]) await find(subject);
    identities.forget(ADA.id);
    expect(["ada", ADA.id, "bob"].map(findsAtOnce)).toEqual([false, false, true]);
  });

  test("after a change of anybody may have been missed, and is the one who was known where nobody can be asked", async () => {
    await find("ada");
    identities.doubtAll();
    peer = undefined;
    expect(findsAtOnce("ada")).toBe(false);
    expect(await find("ada")).toEqual(ADA);
  });

  test("after a change may have been missed, our own database tells who is erased where nobody else can, once", async () => {
    for (const subject of ["ada", ADA.id]) await find(subject);
    identities.doubtAll();
    peer = undefined;
    vi.advanceTimersByTime(1);
    expect([await find("ada"), findsAtOnce("ada"), looked]).toEqual([ADA, true, [ADA.id]]);
    erasedHere.add(ADA.id);
    expect(await find(ADA.id)).toEqual({ ...ADA, isErased: true });
    expect([await find(ADA.id), asked.length]).toEqual([{ ...ADA, isErased: true }, 3]);
    identities.doubtAll();
    vi.advanceTimersByTime(1);
    expect(await find("ada")).toEqual({ ...ADA, isErased: true });
  });

  test("and what our own database said before is not remembered", async () => {
    peer = undefined;
    here.set(ADA.id, ADA);
    const held = Promise.withResolvers<void>();
    const before = find(ADA.id);
    holdBack = held.promise;
    await vi.waitFor(() => expect(looked).toHaveLength(1));
    vi.advanceTimersByTime(1);
    identities.forget(ADA.id);
    held.resolve();
    expect([await before, findsAtOnce(ADA.id)]).toEqual([ADA, false]);
  });

  test("and an answer that is on its way meanwhile is neither remembered nor shared", async () => {
    const held = Promise.withResolvers<void>();
    holdBack = held.promise;
    const before = find("ada");
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    vi.advanceTimersByTime(1);
    identities.forget(ADA.id);
    peer = new Map();
    vi.advanceTimersByTime(1);
    const after = find("ada");
    held.resolve();
    expect([await before, await after]).toEqual([ADA, undefined]);
    vi.advanceTimersByTime(REFUSED_MS);
    expect(findsAtOnce("ada")).toBe(false);
  });
});

describe("while Availability is out of reach", () => {
  test("who was known stays known for an hour, and waits for nothing once that is known of Availability", async () => {
    peer?.set("bob", { ...ADA, id: "bob's" });
    for (const subject of ["ada", "bob"]) await find(subject);
    peer = undefined;
    vi.advanceTimersByTime(FRESH_MS);
    expect([await find("ada"), asked.length]).toEqual([ADA, 3]);
    vi.advanceTimersByTime(COOLDOWN_MS - 1);
    expect([...["ada", "bob"].map(findsAtOnce), asked.length]).toEqual([true, true, 3]);
    vi.advanceTimersByTime(GRACE_MS - FRESH_MS - COOLDOWN_MS);
    expect(findsAtOnce("ada")).toBe(true);
    vi.advanceTimersByTime(1);
    expect(await find("ada")).toBe("CallersOutOfReach");
  });

  test("one ask at a time finds out whether it is back, and those who are known do not wait for it", async () => {
    const subjects = ["ada", ADA.id];
    for (const subject of subjects) await find(subject);
    peer = undefined;
    identities.doubtAll();
    vi.advanceTimersByTime(1);
    for (const subject of subjects) expect(await find(subject)).toEqual(ADA);
    expect(asked).toHaveLength(3);
    const held = Promise.withResolvers<void>();
    holdBack = held.promise;
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect([subjects.map(findsAtOnce), asked.length]).toEqual([[true, true], 4]);
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect([subjects.map(findsAtOnce), asked.length]).toEqual([[true, true], 4]);
    held.resolve();
    peer = new Map([["ada", { ...ADA, id: "another" }]]);
    await vi.waitFor(async () => {
      vi.advanceTimersByTime(COOLDOWN_MS);
      expect(await find("ada")).toMatchObject({ id: "another" });
    });
  });

  test("who is not known is told so at once, except the one who finds out whether it is back", async () => {
    peer = undefined;
    for (const subject of ["a", "b", "c"]) expect(await find(subject)).toBe("CallersOutOfReach");
    expect(asked).toEqual(["a"]);
    vi.advanceTimersByTime(COOLDOWN_MS);
    peer = new Map([["b", ADA]]);
    expect([await find("b"), await find("c"), asked]).toEqual([ADA, undefined, ["a", "b", "c"]]);
  });

  test("who was forgotten is not known", async () => {
    await find("ada");
    peer = undefined;
    identities.forget(ADA.id);
    expect(await find("ada")).toBe("CallersOutOfReach");
  });

  test("our own database says who has an id, and is believed until Availability is back", async () => {
    peer = undefined;
    here.set(ADA.id, ADA);
    expect(await find(ADA.id)).toEqual(ADA);
    expect(findsAtOnce(ADA.id)).toBe(true);
    peer = new Map();
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await find(ADA.id)).toEqual(ADA);
    expect(await find(ADA.id)).toBeUndefined();
  });

  test("it says of whom it knows to be erased that it is", async () => {
    peer = undefined;
    here.set(ADA.id, { ...ADA, isErased: true });
    expect(await find(ADA.id)).toMatchObject({ isErased: true });
    vi.advanceTimersByTime(REFUSED_MS);
    expect(findsAtOnce(ADA.id)).toBe(false);
  });

  test("the log says so once in ten seconds", async () => {
    peer = undefined;
    for (const subject of ["a", "b", "c"]) expect(await find(subject)).toBe("CallersOutOfReach");
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(10 * SECOND_MS);
    await find("a");
    expect(lines).toHaveLength(2);
  });
});
