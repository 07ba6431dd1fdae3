/** What happened when several callers wrote to a host at once. */

import type { Answer, Call } from "./calls.ts";

/** A span on one monotonic scale for all callers, in milliseconds. */
export interface Span {
  readonly begun: number;
  readonly ended: number;
}

export interface Entry extends Span {
  readonly call: Call;
  readonly answer: Answer;
}

/** Makes a call, and writes down what became of it. */
export async function recorded(history: Entry[], call: Call, send: (call: Call) => Promise<Answer>): Promise<Answer> {
  const begun = performance.now();
  const answer = await send(call);
  history.push({ call, answer, begun, ended: performance.now() });
  return answer;
}

/**
 * When something happened that several entries tell of: one of them did it, the others came later or in between. So it was
 * not before the first of them began, and not after the first of them ended.
 */
export function spanOf(entries: readonly Entry[]): Span {
  return {
    begun: Math.min(...entries.map(({ begun }) => begun)),
    ended: Math.min(...entries.map(({ ended }) => ended)),
  };
}

/** Whether one was over before the other began: all that is known of the order of two calls. */
export function isBefore(a: Span, b: Span): boolean {
  return a.ended < b.begun;
}
