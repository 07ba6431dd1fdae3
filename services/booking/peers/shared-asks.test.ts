import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { JOINED_WITHIN_MS, shareAsks, type SharedAsks } from "./shared-asks.ts";

/** A question that is under way: to be answered by the test. */
type UnderWay = ReturnType<typeof Promise.withResolvers<string>>;

let asks: SharedAsks<string>;
let underWay: UnderWay[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  asks = shareAsks();
  underWay = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function ask(): Promise<string> {
  const asked = Promise.withResolvers<string>();
  underWay.push(asked);
  return asked.promise;
}

/** A caller with so much time left. Here it leaves when the test says so. */
function callerFor(leftMs: number): Caller & { readonly leave: () => void } {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort(new Error("left"));
  return { signal: leaving.signal, deadline: monotonicMs() + leftMs, leave };
}

function wait(caller: Caller, newerThan = -Infinity): Promise<string> {
  return asks.answer("question", newerThan, caller, ask).catch(String);
}

test("1,000 callers with little time left are one ask, and all have its answer", async () => {
  const answers = Array.from({ length: 1000 }, (_, index) => wait(callerFor(index)));
  underWay[0]!.resolve("yes");
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["yes"]));
  expect(underWay).toHaveLength(1);
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

test("an ask is joined in the first half of its time only, and whoever comes later begins the next", async () => {
  const first = wait(callerFor(10));
  vi.advanceTimersByTime(JOINED_WITHIN_MS - 1);
  const early = wait(callerFor(10));
  vi.advanceTimersByTime(1);
  const late = [wait(callerFor(10)), wait(callerFor(10))];
  underWay[0]!.reject(new Error("no answer"));
  underWay[1]!.resolve("yes");
  expect(await Promise.all([first, early, ...late])).toEqual(["Error: no answer", "Error: no answer", "yes", "yes"]);
  expect(underWay).toHaveLength(2);
});

test("whoever joined an ask that did not know the user yet asks again, together", async () => {
  const answers = [1, 2, 3].map(() => wait(callerFor(10)));
  vi.advanceTimersByTime(1);
  underWay[0]!.reject(new Refusal("USER_NOT_FOUND", "there is no such user"));
  expect(await answers[0]).toMatch("there is no such user");
  await vi.waitUntil(() => underWay.length === 2);
  underWay[1]!.resolve("yes");
  expect(await Promise.all(answers.slice(1))).toEqual(["yes", "yes"]);
  expect(underWay).toHaveLength(2);
});
