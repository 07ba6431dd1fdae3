/** What the model answers about open time: the calls that change it, and what can be read of it. */

import { type Instant, type Interval, overlaps } from "../../shared/interval.ts";
import type { Answer, Call, KeptBooking, SetWeeklyHours } from "./calls.ts";
import { beginOf, type Hours, inForce } from "./hours.ts";
import { KNOWN, today } from "./local-time.ts";
import { activeIn, type Chosen, type Model, no, openOf, refused, type Step, UNTOLD } from "./model-state.ts";
import { add, intervalsOf, type OpenQuarters, quartersIn, remove } from "./open-time.ts";
import { AHEAD, END_OF_TIME, QUARTERS_A_DAY, quarterOf } from "./quarters.ts";

const MINUTES_PER_QUARTER = 15;
/** Of hours without end, what goes is told so far. */
const COMPARED_DAYS = 366;

export function addAvailability(model: Model, during: Interval, slotDurationMinutes: number, now: Instant): Step {
  const slotQuarters = slotDurationMinutes / MINUTES_PER_QUARTER;
  if (isOtherSlot(model, model.hours, slotQuarters, now)) return no(model, "SLOT_DURATION_MISMATCH");
  const [openings, closures] = [add(model.openings, during), remove(model.closures, during)];
  const after = { ...model, openings, closures, ...withSlots(model, slotQuarters) };
  const around = openIntervals(after).find((each) => each.start <= during.start && during.end <= each.end) ?? during;
  return { answer: { kind: "added", interval: around }, after };
}

type Shrinking = Extract<Call, { keepsBooked: boolean; during: Interval }>;

export function removeAvailability(model: Model, { during, keepsBooked }: Shrinking): Step {
  const begin = Math.min(...model.hours.map(beginOf));
  const closed = begin < during.end ? quartersIn({ start: Math.max(begin, during.start), end: during.end }) : [];
  const closures = model.closures.union(new Set(closed));
  return shrunk(model, { ...model, openings: remove(model.openings, during), closures }, keepsBooked, (after, kept) => {
    const gone = openOf(model).difference(openOf(after));
    const removed = intervalsOf(remove(gone, { start: toldUntil(model, during), end: Infinity }));
    const remaining = openIntervals(after).filter(
      ({ start, end }) => end === removed[0]?.start || start === removed.at(-1)?.end,
    );
    return { kind: "removed", removed, remaining, kept };
  });
}

/** Where a host has weekly hours, what goes is told for 366 days, or as far as there are bookings. */
function toldUntil({ hours, bookings }: Model, { start, end }: Interval): number {
  if (hours.length === 0) return end;
  const ends = activeIn(bookings, [AHEAD]).map(({ during }) => during.end);
  return Math.max(start + COMPARED_DAYS * QUARTERS_A_DAY, ...ends);
}

export function restoreWeeklyHours(model: Model, { during, keepsBooked }: Shrinking): Step {
  const [openings, closures] = [remove(model.openings, during), remove(model.closures, during)];
  return shrunk(model, { ...model, openings, closures }, keepsBooked, (after, kept) => {
    const exceptionCount = shorter(model.openings, after.openings) + shorter(model.closures, after.closures);
    return { kind: "restored", exceptionCount, kept };
  });
}

/** How many intervals have lost something. */
function shorter(before: OpenQuarters, after: OpenQuarters): number {
  return intervalsOf(before).filter((each) => quartersIn(each).some((quarter) => !after.has(quarter))).length;
}

export function setWeeklyHours(model: Model, call: SetWeeklyHours, chosen: Chosen): Step {
  const { timeZone, ranges, slotDurationMinutes } = call;
  if (call.etag !== "" && call.etag !== model.hoursEtags.at(-1)) return no(model, "ETAG_MISMATCH");
  const hours = { fromDate: call.fromDate || today(timeZone, chosen.today), timeZone, ranges };
  const earlier = model.hours.filter(({ fromDate }) => fromDate < hours.fromDate);
  const slotQuarters = slotDurationMinutes / MINUTES_PER_QUARTER;
  if (isOtherSlot(model, earlier, slotQuarters, chosen.today)) return no(model, "SLOT_DURATION_MISMATCH");
  const etag = model.hoursEtags.includes(chosen.etag) ? "an etag that the hours have not had" : chosen.etag;
  const hoursEtags = [...model.hoursEtags, etag];
  const wanted = { ...model, hours: [...earlier, hours], hoursEtags, ...withSlots(model, slotQuarters) };
  return shrunk(model, wanted, call.keepsBooked, (_, kept) => ({
    kind: "hours",
    hours,
    slotDurationMinutes,
    etag,
    kept,
  }));
}

/** Another slot duration is another set of rules, whose etag nobody is told here. */
function withSlots(model: Model, slotQuarters: number): Pick<Model, "slotQuarters" | "rulesEtags"> {
  const { rulesEtags } = model;
  return { slotQuarters, rulesEtags: slotQuarters === model.slotQuarters ? rulesEtags : [...rulesEtags, UNTOLD] };
}

/** Of hours that are over nobody needs the slots. */
function isOtherSlot(
  { slotQuarters, openings }: Model,
  hours: readonly Hours[],
  wanted: number,
  now: Instant,
): boolean {
  const isOver = ({ fromDate }: Hours): boolean =>
    hours.some((later) => later.fromDate > fromDate && beginOf(later) <= quarterOf(now));
  const isInUse = openings.size > 0 || hours.some((each) => each.ranges.length > 0 && !isOver(each));
  return isInUse && slotQuarters !== wanted;
}

/** What bookings in the way do to a change: they forbid it, or their time stays open. */
function shrunk(
  before: Model,
  wanted: Model,
  keepsBooked: boolean,
  answerOf: (after: Model, kept: KeptBooking[]) => Answer,
): Step {
  const gone = openOf(before).difference(openOf(wanted));
  const inTheWay = activeIn(before.bookings, intervalsOf(gone));
  if (inTheWay.length > 0 && !keepsBooked) {
    const bookingIds = inTheWay.slice(0, 20).map(({ id }) => id);
    return { answer: refused("AVAILABILITY_BOOKED", bookingIds), after: before };
  }
  const booked = new Set(inTheWay.flatMap(({ during }) => quartersIn(during)));
  const after = { ...wanted, openings: wanted.openings.union(gone.intersection(booked)) };
  const kept = inTheWay.map(({ id, during }) => ({ id, during }));
  return { answer: answerOf(after, kept), after };
}

/** The open time, by start. What is open when nothing is known any more is open for ever. */
export function openIntervals(model: Model): Interval[] {
  return intervalsOf(openOf(model)).map(({ start, end }) => ({ start, end: end === KNOWN.end ? END_OF_TIME : end }));
}

/** What the booking service is told of a window: each interval is cut to what a booking can need, and has its grid's origin. */
export function snapshotOf(model: Model, window: Interval): (Interval & { readonly origin: number })[] {
  return openIntervals(model)
    .filter((each) => overlaps(each, window) && each.end - each.start >= model.slotQuarters)
    .map(({ start, end }) => ({
      start: Math.max(start, window.start),
      end: Math.min(end, window.end + QUARTERS_A_DAY),
      origin: start,
    }));
}

export type SeenException = Interval & { readonly kind: "CLOSURE" | "OPENING" };

/** By start; of two that start together, the closure first. */
export function exceptionsOf({ openings, closures }: Model, window: Interval): SeenException[] {
  const all: SeenException[] = [
    ...intervalsOf(closures).map((each) => ({ ...each, kind: "CLOSURE" as const })),
    ...intervalsOf(openings).map((each) => ({ ...each, kind: "OPENING" as const })),
  ];
  return all.filter((each) => overlaps(each, window)).toSorted((a, b) => a.start - b.start);
}

/** The hours in force and those that follow. */
export function hoursFrom({ hours }: Model, now: number): readonly Hours[] {
  const current = inForce(hours, quarterOf(now));
  return hours.filter(({ fromDate }) => current === undefined || fromDate >= current.fromDate);
}
