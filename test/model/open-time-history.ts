/** Checks what callers at once were told of open time: against each other, and against the bookings that were made. */

import type { Interval } from "../../shared/interval.ts";
import type { SetWeeklyHours } from "./calls.ts";
import type { SeenBooking } from "./seen-booking.ts";
import { type Entry, isBefore, type Span, spanOf } from "./history.ts";
import { beginOf, openByHours } from "./hours.ts";
import { quartersIn } from "./open-time.ts";
import { AHEAD } from "./quarters.ts";

export type Change = Pick<Entry, "call" | "answer"> & Span;
type HoursChange = Change & { readonly answer: Extract<Change["answer"], { kind: "hours" }> };

/** A booking at a place that it had not before. */
export interface Placed extends Span {
  readonly during: Interval;
}

/** What was sent again was answered from memory: it is one change, at the time of the first. */
export function changesOf(history: readonly Entry[]): Change[] {
  const changes = history.filter(({ answer }) =>
    ["added", "removed", "hours", "restored", "rules"].includes(answer.kind),
  );
  return [...Map.groupBy(changes, (entry) => entry.call.requestId || entry).values()].flatMap((entries) =>
    entries.slice(0, 1).map(({ call, answer }) => ({ call, answer, ...spanOf(entries) })),
  );
}

function isOfHours(change: Change): change is HoursChange {
  return change.answer.kind === "hours";
}

/** Bookings of time that a call had closed before the booking began, and that no call can have opened again until it ended. */
export function onClosedTime(history: readonly Entry[], placed: readonly Placed[]): string[] {
  const changes = changesOf(history);
  return placed
    .filter((booking) => quartersIn(booking.during).some((quarter) => isClosed(quarter, booking, changes)))
    .map((booking) => `a booking of time that was gone: ${JSON.stringify(booking)}`);
}

function isClosed(quarter: number, booking: Placed, changes: readonly Change[]): boolean {
  const relevant = changes.filter((change) => !isBefore(booking, change));
  return relevant.some((closing) => {
    if (!isBefore(closing, booking)) return false;
    const later = relevant.filter((change) => change !== closing && !isBefore(change, closing));
    const earlier = relevant.filter((change) => isBefore(change, closing));
    if (closing.answer.kind === "removed") {
      if (!closing.answer.removed.some((range) => holds(range, quarter))) return false;
      // Where there are hours already, what is removed is a closure, which outlives them.
      const outlives = earlier.some((change) => isOfHours(change) && beginOf(change.answer.hours) < AHEAD.start - 96);
      return !later.some((change) => isSaidOpen(change, quarter) || (!outlives && canOpen(change, quarter)));
    }
    if (!isOfHours(closing) || canOpen(closing, quarter)) return false;
    return !relevant.some((change) => isSaidOpen(change, quarter)) && !later.some((change) => canOpen(change, quarter));
  });
}

function holds({ start, end }: Interval, quarter: number): boolean {
  return start <= quarter && quarter < end;
}

/** Whether a change may leave an opening at a quarter, or end a closure. */
function isSaidOpen({ call, answer }: Change, quarter: number): boolean {
  if ("kept" in answer && answer.kept.some(({ during }) => holds(during, quarter))) return true;
  const opens = call.method === "AddAvailability" || call.method === "RestoreWeeklyHours";
  return opens && holds(call.during, quarter);
}

/** Whether a quarter may be open by hours once they are set. */
function canOpen(change: Change, quarter: number): boolean {
  if (!isOfHours(change)) return false;
  const { hours } = change.answer;
  return beginOf(hours) > quarter || openByHours([hours]).has(quarter);
}

/** Whether new hours close some of a booking's time, unless they begin on a day that the caller left open. */
export function canClose(call: SetWeeklyHours, { during }: SeenBooking): boolean {
  if (call.fromDate === "") return true;
  const open = openByHours([call]);
  return quartersIn(during).some((quarter) => !open.has(quarter) && quarter >= beginOf(call));
}
