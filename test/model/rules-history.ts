/** Checks what callers at once were told of bookings against the rules that others had set: which can have been in force when. */

import { isDeepStrictEqual } from "node:util";
import { type Entry, isBefore, type Span } from "./history.ts";
import { changesOf } from "./open-time-history.ts";
import type { SeenEvent } from "./reads.ts";
import { NO_RULES, occupiedBy, openSeats, placeFor, type Rules, whyNotBegin } from "./rules.ts";
import type { SeenBooking } from "./seen-booking.ts";

/**
 * The rules that a host can have had at some moment of a span: not those set only afterwards, nor those that others had replaced
 * before. Every answer tells all rules.
 */
export function rulesDuring(span: Span, history: readonly Entry[]): Rules[] {
  const first = { rules: NO_RULES, begun: -Infinity, ended: -Infinity };
  const updates = changesOf(history).flatMap(({ answer, begun, ended }) =>
    answer.kind === "rules" ? [{ rules: answer.rules, begun, ended }] : [],
  );
  const all = [first, ...updates];
  return all
    .filter((update) => !isBefore(span, update))
    .filter((update) => !all.some((other) => isBefore(update, other) && isBefore(other, span)))
    .map(({ rules }) => rules);
}

/** Whether by some rules all seats were taken. */
export function canBeFull(
  { call, ...span }: Entry,
  bookings: readonly SeenBooking[],
  history: readonly Entry[],
): boolean {
  const others = bookings.filter(({ id }) => !("bookingId" in call) || id !== call.bookingId);
  const rules = rulesDuring(span, history);
  return "during" in call && rules.some((each) => openSeats(each, others, occupiedBy(each, call.during)) < 1);
}

/** Whether some rules can have had a notice, or a horizon. */
export function canForbid(reason: "TOO_SOON" | "TOO_FAR", span: Span, history: readonly Entry[]): boolean {
  const rules = rulesDuring(span, history);
  return rules.some((each) => (reason === "TOO_SOON" ? each.minimumNoticeMinutes : each.horizonDays) > 0);
}

/** A booking where it was put, in its host's feed. */
export interface Put extends Span {
  readonly event: SeenEvent;
  readonly entries: readonly Entry[];
}

/** Bookings that by no rules of their time can be where they were put. `moments`: a host's bookings before each event. */
export function againstRules(
  history: readonly Entry[],
  puts: readonly Put[],
  moments: readonly (readonly SeenBooking[])[],
): string[] {
  return puts
    .filter((put) => {
      const before = moments[put.event.sequence - 1] ?? [];
      return !rulesDuring(put, history).some((rules) => allows(rules, put, before));
    })
    .map(({ event }) => `a booking against all rules of its time: ${JSON.stringify(event)}`);
}

function allows(rules: Rules, { event, entries }: Put, before: readonly SeenBooking[]): boolean {
  const { during, occupied, seat, id, updateTime } = event.booking;
  const own = before.find((booking) => booking.id === id);
  const others = before.filter((booking) => booking !== own);
  const wanted = placeFor(rules, others, during, own);
  if (!isDeepStrictEqual(wanted, { occupied, seat })) return false;
  if (own?.during.start === during.start) return true;
  const ignoresNotice = entries.some(({ call }) => "ignoreNotice" in call && call.ignoreNotice);
  return updateTime !== undefined && whyNotBegin(rules, during, { now: updateTime, ignoresNotice }) === undefined;
}
