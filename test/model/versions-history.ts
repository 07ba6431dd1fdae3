/** Checks the versions (etags) that callers at once were told of: of weekly hours, and of rules. */

import type { Call } from "./calls.ts";
import { type Entry, isBefore, type Span } from "./history.ts";
import { type Change, changesOf } from "./open-time-history.ts";

const METHODS = ["SetWeeklyHours", "UpdateRules"] as const;
type Versioned = Extract<Call, { method: (typeof METHODS)[number] }>;

interface Update extends Change {
  readonly seen: string;
  readonly etag: string;
}

/** The updates by one method, each with the version that its caller had seen and the one that it made. */
function updatesOf(history: readonly Entry[], method: Versioned["method"]): Update[] {
  return changesOf(history).flatMap((change) =>
    change.call.method === method && "etag" in change.answer
      ? [{ ...change, seen: change.call.etag, etag: change.answer.etag }]
      : [],
  );
}

/** Updates by a caller who had not seen what they replaced. */
export function unseenVersions(history: readonly Entry[]): string[] {
  return METHODS.flatMap((method) => {
    const updates = updatesOf(history, method);
    return updates
      .filter((update) => {
        if (update.seen === "") return false;
        const seen = updates.find(({ etag }) => etag === update.seen);
        const between = updates.filter((other) => other !== update && isBefore(other, update));
        return seen === undefined || between.some((other) => isBefore(seen, other));
      })
      .map((update) => `an update of what its caller had not seen: ${JSON.stringify(update)}`);
  });
}

/** Versions that two calls were told of. */
export function sameVersions(history: readonly Entry[]): string[] {
  return METHODS.flatMap((method) => {
    const updates = updatesOf(history, method);
    return updates
      .filter((update) => updates.some((other) => other !== update && other.etag === update.etag))
      .map((update) => `one version twice: ${JSON.stringify(update)}`);
  });
}

/** Whether what a caller had seen can have been changed when it was refused for that. */
export function canHaveChanged(call: Versioned, refusal: Span, history: readonly Entry[]): boolean {
  const updates = updatesOf(history, call.method);
  const seen = updates.find(({ etag }) => etag === call.etag);
  // Open time may have brought the rules another slot duration.
  const bySlots =
    call.method === "UpdateRules" ? changesOf(history).filter(({ call: { method } }) => method !== call.method) : [];
  return (
    seen === undefined ||
    [...updates, ...bySlots].some((other) => other !== seen && !isBefore(refusal, other) && !isBefore(other, seen))
  );
}
