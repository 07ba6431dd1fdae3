import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { type Reason, Refusal } from "../../../shared/errors.ts";
import { PEER_CALL_MAX_MS } from "./availability.ts";
import { SHARED_GRACE_MS, shareAsks, type SharedAsks } from "./shared-asks.ts";

/** A question that is under way: to be answered by the test. */
type UnderWay = ReturnType<typeof Promise.withResolvers<string>>;

let asks: SharedAsks<string>;
let underWay: UnderWay[];
/** How long each was to take at most. */
let timeouts: number[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  asks = shareAsks();
  underWay = [];
  timeouts = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function ask(timeoutMs: number): Promise<string> {
  timeouts.push(timeoutMs);
  const asked = Promise.withResolvers<string>();
  underWay.push(asked);
  return asked.promise;
}

/** A caller with this much time left. Here it leaves when the test says so. */
function callerFor(leftMs: number): Caller & { readonly leave: () => void } {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort(new Error("left"));
  return { signal: leaving.signal, deadline: monotonicMs() + leftMs, leave };
}

function wait(caller: Caller, newerThan = -Infinity): Promise<string> {
  return asks.answer("question", newerThan, caller, ask).catch(String);
}

test("1,000 callers with little time left are one ask, as long as theirs, and all have its answer", async () => {
  const answers = Array.from({ length: 1000 }, () => wait(callerFor(100)));
  underWay[0]!.resolve("yes");
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["yes"]));
  expect(timeouts).toEqual([100 + SHARED_GRACE_MS]);
});

test("those who come a moment later with as little time share it, and who has more time asks for longer", async () => {
  const first = wait(callerFor(100));
  vi.advanceTimersByTime(SHARED_GRACE_MS);
  const behind = wait(callerFor(100));
  const patient = [wait(callerFor(60_000)), wait(callerFor(100))];
  underWay[0]!.reject(new Error("no answer"));
  underWay[1]!.resolve("yes");
  expect(await Promise.all([first, behind, ...patient])).toEqual([
    "Error: no answer",
    "Error: no answer",
    "yes",
    "yes",
  ]);
  expect(timeouts).toEqual([100 + SHARED_GRACE_MS, PEER_CALL_MAX_MS]);
});

test("whoever leaves, the first or a later one, ends its own wait and nobody else's", async () => {
  const callers = [callerFor(10), callerFor(10), callerFor(10)];
  const answers = callers.map((caller) => wait(caller));
  callers[0]!.leave();
  callers[1]!.leave();
  expect(await answers[0]).toBe("Error: left");
  expect(await answers[1]).toBe("Error: left");
  underWay[0]!.resolve("yes");
  expect(await answers[2]).toBe("yes");
  expect(underWay).toHaveLength(1);
});

test("nothing is asked for a caller that has gone", async () => {
  const caller = callerFor(10);
  caller.leave();
  expect(await wait(caller)).toBe("Error: left");
  expect(underWay).toEqual([]);
});

test("an ask is joined only by those for whom it began late enough", async () => {
  const first = wait(callerFor(10));
  const begunAt = monotonicMs();
  const satisfied = wait(callerFor(10), begunAt - 1);
  const unsatisfied = wait(callerFor(10), begunAt);
  underWay[0]!.resolve("old");
  underWay[1]!.resolve("new");
  expect(await Promise.all([first, satisfied, unsatisfied])).toEqual(["old", "old", "new"]);
});

test("who has the whole time joins an ask in the first half of its own only, and whoever comes later begins the next", async () => {
  const first = wait(callerFor(60_000));
  vi.advanceTimersByTime(PEER_CALL_MAX_MS / 2);
  const early = wait(callerFor(60_000));
  vi.advanceTimersByTime(1);
  const late = [wait(callerFor(60_000)), wait(callerFor(60_000))];
  underWay[0]!.reject(new Error("no answer"));
  underWay[1]!.resolve("yes");
  expect(await Promise.all([first, early, ...late])).toEqual(["Error: no answer", "Error: no answer", "yes", "yes"]);
  expect(underWay).toHaveLength(2);
});

test.each<[what: string, reason: Reason]>([
  ["did not know the user yet", "USER_NOT_FOUND"],
  ["found the user deactivated", "GUEST_DEACTIVATED"],
])("whoever joined an ask that %s asks again, together", async (_what, reason) => {
  const answers = [1, 2, 3].map(() => wait(callerFor(10)));
  vi.advanceTimersByTime(1);
  underWay[0]!.reject(new Refusal(reason, "not this user"));
  expect(await answers[0]).toMatch("not this user");
  await vi.waitUntil(() => underWay.length === 2, 20_000);
  underWay[1]!.resolve("yes");
  expect(await Promise.all(answers.slice(1))).toEqual(["yes", "yes"]);
  expect(underWay).toHaveLength(2);
});

test("a crowd behind an ask that found nobody shares one more, whose answer is newer than all of them", async () => {
  const nobody = new Refusal("USER_NOT_FOUND", "nobody");
  const first = wait(callerFor(1000));
  vi.advanceTimersByTime(1);
  const crowd = Array.from({ length: 100 }, () => wait(callerFor(1000)));
  vi.advanceTimersByTime(1);
  underWay[0]!.reject(nobody);
  await first;
  await vi.waitFor(() => expect(underWay.length).toBeGreaterThan(1));
  vi.advanceTimersByTime(1);
  underWay[1]!.reject(nobody);
  await crowd[0];
  for (const later of underWay.slice(2)) later.reject(nobody);
  expect([new Set(await Promise.all(crowd)), underWay.length]).toEqual([new Set([String(nobody)]), 2]);
});
