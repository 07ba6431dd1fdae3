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

/** The quarters in which a booking has its seat. Where its start stays as it is (`own`), no buffer grows in front of it. */
export function occupiedBy(
  { bufferBeforeMinutes, bufferAfterMinutes }: Rules,
  { start, end }: Interval,
  own?: SeenBooking,
): Interval {
  const time = { start: start - bufferBeforeMinutes / 15, end: end + bufferAfterMinutes / 15 };
  return own?.during.start === start ? { ...time, start: Math.max(time.start, own.occupied.start) } : time;
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

/** A booking that moves keeps its own seat if it can; else it is the lowest that nobody has. */
export function seatFor(rules: Rules, others: readonly SeenBooking[], time: Interval, own?: number): number {
  const taken = seatsTaken(others, time);
  const seats = Array.from({ length: rules.seats }, (_, index) => index + 1).filter((seat) => !taken.has(seat));
  return seats.find((seat) => seat === own) ?? seats[0] ?? 0;
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
