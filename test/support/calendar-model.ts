/**
 * What can be booked of a host, minute by minute: which minutes are open, and which seats are taken in each. Slow and too
 * simple to be wrong, it is the second opinion that services/booking/domain/calendar.ts is held against.
 */

import * as fc from "fast-check";
import type { Calendar, OpenInterval } from "../../services/booking/domain/calendar.ts";
import type { Rules } from "../../services/booking/domain/rules.ts";
import type { Taken } from "../../services/booking/domain/seats.ts";
import { type Instant, type Interval, overlaps } from "../../shared/interval.ts";
import { anyInterval, instantsOf, intervalsOf, MODEL_END, separateIntervals } from "./interval-model.ts";

/** The longest candidate. */
export const LONGEST = 8;

/** A host's open time, whole, with a calendar of it; what is taken, in no order; and who asks when. */
export interface Situation {
  readonly open: readonly Interval[];
  readonly calendar: Calendar;
  /** The occupied time of each booking. In one seat they do not overlap. */
  readonly taken: readonly Taken[];
  readonly now: Instant;
  readonly ignoresNotice: boolean;
}

const anyRules: fc.Arbitrary<Rules> = fc.record({
  slotMs: fc.integer({ min: 1, max: 4 }),
  noticeMs: fc.oneof(fc.constant(0), fc.nat(10)),
  horizonMs: fc.oneof(fc.constant(Infinity), fc.nat(MODEL_END)),
  bufferBeforeMs: fc.oneof(fc.constant(0), fc.nat(4)),
  bufferAfterMs: fc.oneof(fc.constant(0), fc.nat(4)),
  seats: fc.integer({ min: 1, max: 5 }),
});

/** As other rules may have let them: with more seats than the host has, and with other buffers. */
const anyTaken: fc.Arbitrary<Taken[]> = fc
  .array(
    fc.record({ during: anyInterval, length: fc.integer({ min: 1, max: 6 }), seat: fc.integer({ min: 1, max: 6 }) }),
    {
      maxLength: 16,
    },
  )
  .map((all) => all.map(({ during: { start }, length, seat }) => ({ start, end: start + length, seat })))
  .map((all) =>
    all.filter(
      (each, index) => !all.slice(0, index).some((other) => other.seat === each.seat && overlaps(other, each)),
    ),
  );

export const anySituation: fc.Arbitrary<Situation> = fc
  .record({
    // Mostly open, or hardly any candidate of several slots would fit.
    open: fc.oneof(
      separateIntervals,
      separateIntervals.map((closed) => complementOf(closed.filter((_, index) => index % 3 === 0))),
    ),
    covered: anyInterval,
    rules: anyRules,
    taken: anyTaken,
    now: fc.oneof(fc.constant(0), fc.nat(MODEL_END)),
    ignoresNotice: fc.boolean(),
  })
  .map(({ open, covered, rules, ...rest }) => {
    return { open, calendar: { generation: 0, covered, intervals: cutTo(covered, open), rules }, ...rest };
  });

function complementOf(closed: readonly Interval[]): Interval[] {
  const gone = instantsOf(closed);
  return intervalsOf(
    new Set(Array.from({ length: MODEL_END }, (_, minute) => minute).filter((each) => !gone.has(each))),
  );
}

/** Open time as a calendar has it: cut to what is covered and to what a candidate that starts there may reach. */
export function cutTo(covered: Interval, open: readonly Interval[]): OpenInterval[] {
  return open
    .filter((each) => overlaps(each, covered))
    .map(({ start, end }) => ({
      start: Math.max(start, covered.start),
      end: Math.min(end, covered.end + LONGEST),
      origin: start,
    }));
}

/** As the database tells it: by start, and what touches in one seat is one. */
export function asTold(taken: readonly Taken[]): Taken[] {
  return [...Map.groupBy(taken, ({ seat }) => seat)]
    .flatMap(([seat, all]) => intervalsOf(instantsOf(all), MODEL_END + LONGEST).map((each) => ({ seat, ...each })))
    .toSorted((a, b) => a.start - b.start);
}

/** Every candidate of the model that starts in what a calendar covers, by start. */
export function candidatesOf({ covered }: Calendar): Interval[] {
  return minutesOf(covered).flatMap((start) =>
    Array.from({ length: LONGEST }, (_, length) => ({ start, end: start + length + 1 })),
  );
}

/** Why a candidate cannot be booked. `keepsStart`: it is a booking's that may have begun, and its start is not asked about. */
export function reasonByMinutes(situation: Situation, candidate: Interval, keepsStart: boolean): string | undefined {
  const { calendar, now, ignoresNotice } = situation;
  const { slotMs, noticeMs, horizonMs } = calendar.rules;
  const openFor = minutesOpen(situation.open);
  const minutes = minutesOf(candidate);
  const [first = 0, last = 0] = [minutes[0], minutes.at(-1)];
  if (!minutes.every((minute) => openFor.has(minute))) return "OUTSIDE_AVAILABILITY";
  const isWhole = (minutesBefore: number | undefined): boolean => (minutesBefore ?? 0) % slotMs === 0;
  if (!keepsStart && !isWhole(openFor.get(first))) return "OFF_GRID";
  if (!isWhole((openFor.get(last) ?? 0) + 1)) return "OFF_GRID";
  if (keepsStart) {
    if (!minutes.some((minute) => minute >= now)) return "START_IN_PAST";
  } else {
    if (first < now) return "START_IN_PAST";
    if (!ignoresNotice && first - now < noticeMs) return "TOO_SOON";
    if (first - now > horizonMs) return "TOO_FAR";
  }
  return openSeatsByMinutes(situation, candidate) > 0 ? undefined : "SLOT_TAKEN";
}

/** Where slots start in what the calendar covers, also such as are cut off by the end of open time. */
export function startsByMinutes({ open, calendar: { covered, rules } }: Situation): number[] {
  return [...minutesOpen(open)]
    .filter(([minute, before]) => covered.start <= minute && minute < covered.end && before % rules.slotMs === 0)
    .map(([minute]) => minute);
}

/** How many seats are taken in no minute of a candidate or of the buffers around it, less those that the host has not. */
export function openSeatsByMinutes({ calendar, taken }: Situation, { start, end }: Interval): number {
  const { bufferBeforeMs, bufferAfterMs, seats } = calendar.rules;
  const met = new Set<number>();
  for (const minute of minutesOf({ start: start - bufferBeforeMs, end: end + bufferAfterMs })) {
    for (const each of taken) if (each.start <= minute && minute < each.end) met.add(each.seat);
  }
  return seats - met.size;
}

/** The open minutes, each with how many minutes the host has been open before. */
function minutesOpen(open: readonly Interval[]): ReadonlyMap<number, number> {
  return new Map(open.flatMap((each) => minutesOf(each).map((minute, count) => [minute, count] as const)));
}

function minutesOf({ start, end }: Interval): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
