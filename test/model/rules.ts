/** A host's rules, as the contract words them, and what they let be booked: quarter by quarter, seat by seat. */

import type { Instant, Interval } from "../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { quartersIn } from "./open-time.ts";
import { instantOf } from "./quarters.ts";
import type { SeenBooking } from "./seen-booking.ts";

/** All but the slot duration, which calls about open time set as well. */
export interface Rules {
  readonly minimumNoticeMinutes: number;
  readonly horizonDays: number;
  readonly bufferBeforeMinutes: number;
  readonly bufferAfterMinutes: number;
  readonly seats: number;
}

export type RuleName = keyof Rules | "slotDurationMinutes";
export type RuleValues = { readonly [Name in RuleName]: number };

export const NO_RULES: Rules = {
  minimumNoticeMinutes: 0,
  horizonDays: 0,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  seats: 1,
};

/** What an update makes of rules: `mask` names what changes, or what is given does. */
export function updatedRules(
  rules: RuleValues,
  given: Partial<RuleValues>,
  mask: readonly RuleName[] | undefined,
): RuleValues {
  const after = { ...rules };
  const defaults: Partial<RuleValues> = NO_RULES;
  for (const name of mask ?? (Object.keys(given) as RuleName[])) {
    after[name] = given[name] ?? defaults[name] ?? after[name];
  }
  return after;
}

/** The quarters in which a booking has its seat. */
export function occupiedBy({ bufferBeforeMinutes, bufferAfterMinutes }: Rules, { start, end }: Interval): Interval {
  return { start: start - bufferBeforeMinutes / 15, end: end + bufferAfterMinutes / 15 };
}

/** The seats that bookings have in some quarter of a time. */
export function seatsTaken(bookings: readonly SeenBooking[], time: Interval): ReadonlySet<number> {
  const active = bookings.filter(({ state }) => state === "HELD" || state === "CONFIRMED");
  const seats = quartersIn(time).flatMap((quarter) =>
    active.filter(({ occupied }) => occupied.start <= quarter && quarter < occupied.end).map(({ seat }) => seat),
  );
  return new Set(seats);
}

/** How many seats are open for all of a time, which has its buffers. */
export function openSeats(rules: Rules, bookings: readonly SeenBooking[], time: Interval): number {
  return rules.seats - seatsTaken(bookings, time).size;
}

/** The quarters and the seat of a booking. Undefined: no seat is open. */
type Place = Pick<SeenBooking, "occupied" | "seat"> | undefined;

/** Where a booking goes: to the lowest seat that nobody has, or where it moves, to its own if it can. */
export function placeFor(rules: Rules, others: readonly SeenBooking[], during: Interval, own?: SeenBooking): Place {
  const kept = own?.during.start === during.start ? own : undefined;
  const occupied = kept === undefined ? occupiedBy(rules, during) : occupiedStill(rules, during, kept);
  if (kept !== undefined) {
    const more = quartersIn(occupied).filter((quarter) => quarter >= kept.occupied.end);
    const taken = new Set(more.flatMap((start) => [...seatsTaken(others, { start, end: start + 1 })]));
    if (!taken.has(kept.seat)) return rules.seats > taken.size ? { occupied, seat: kept.seat } : undefined;
  }
  const taken = seatsTaken(others, occupied);
  if (rules.seats <= taken.size) return undefined;
  const free = Array.from({ length: rules.seats }, (_, index) => index + 1).filter((seat) => !taken.has(seat));
  return { occupied, seat: free.find((seat) => seat === own?.seat) ?? free[0] ?? 0 };
}

/** Of a booking whose start stays: rules that have grown since take no more in front, nor behind an end that does not go on. */
function occupiedStill(rules: Rules, during: Interval, own: SeenBooking): Interval {
  const wanted = occupiedBy(rules, during);
  const start = Math.max(wanted.start, own.occupied.start);
  return during.end > own.during.end
    ? { start, end: wanted.end }
    : { start, end: Math.min(wanted.end, own.occupied.end) };
}

/** How a start is asked about. */
export interface Asked {
  readonly now: Instant;
  readonly ignoresNotice: boolean;
}

/** Why a booking may not begin then. */
export function whyNotBegin(rules: Rules, { start }: Interval, { now, ignoresNotice }: Asked): string | undefined {
  const ahead = instantOf(start) - now;
  if (ahead < rules.minimumNoticeMinutes * MINUTE_MS && !ignoresNotice) return "TOO_SOON";
  if (rules.horizonDays > 0 && ahead > rules.horizonDays * DAY_MS) return "TOO_FAR";
  return undefined;
}
