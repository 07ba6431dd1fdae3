/** Pages of open slots: availability, rules, bookings, clock and the host's state of one moment. */

import { type Caller, pauseAfter } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { type OpenSlot, slots, stretchOf } from "../domain/calendar.ts";
import { offGrid } from "../domain/refusals.ts";
import { occupied, startsWithin } from "../domain/rules.ts";
import type { RememberedCalendar } from "../peers/calendars.ts";
import { readBookedTime } from "../storage/open-slots.ts";
import type { SchedulingDeps } from "./deps.ts";

/** How often availability may change while a stretch of slots is read before the caller is told to come again. */
const ATTEMPTS_MAX = 5;
/**
 * A page looks at this many calendars and then ends, shorter than asked, so that a host whose time is cut up finely costs no
 * more. Five of them hold the longest window of all other hosts.
 */
const CALENDARS_PER_PAGE = 8;
/**
 * ... or at so many slots, each counted once for every seat: so many bookings by the host's rules may have to be read. (Those by
 * earlier rules, with more seats or shorter slots, may be more.) No look is longer than ...
 */
const SLOTS_PER_PAGE = 200_000;
/** ... this. A year of five minutes each, with one seat, takes two. */
const SLOTS_PER_LOOK = 60_000;
/** A first look at half as many slots again as are wanted finds them at once unless more than a third of them are booked. */
const LOOK_AHEAD = 1.5;
/** Each further look goes so many times as far as the one before. A stretch that is booked out costs a few looks, however long. */
const FURTHER = 16;

export interface OpenSlotsQuery {
  readonly hostId: string;
  readonly window: Interval;
  /** How long a booking is to be; undefined: one slot. */
  readonly durationMs: number | undefined;
  readonly ignoresNotice: boolean;
  /** The most slots. */
  readonly limit: number;
}

export interface Page {
  readonly slots: readonly OpenSlot[];
  /** Where the next page begins; undefined if nothing is left to look at. */
  readonly next: Instant | undefined;
}

/** What is asked for, and when the caller came, on the scale of `monotonicMs`. */
interface Asked extends OpenSlotsQuery {
  readonly arrived: number;
}

/** The first open slots of a window. Throws what `Calendars.at` throws, and Refusal BUSY and OFF_GRID. */
export async function openSlots(deps: SchedulingDeps, caller: Caller, query: OpenSlotsQuery): Promise<Page> {
  const arrived = monotonicMs();
  const { window, limit } = query;
  const found: OpenSlot[] = [];
  let next: Instant | undefined = window.start;
  let count = Math.ceil((limit + 1) * LOOK_AHEAD);
  let calendars = CALENDARS_PER_PAGE;
  let slotsLeft = SLOTS_PER_PAGE;
  while (next !== undefined && found.length < limit && calendars > 0 && slotsLeft > 0) {
    const reach = { count, calendars, slots: Math.min(slotsLeft, SLOTS_PER_LOOK) };
    const stretch = await openStretch(
      deps,
      caller,
      { ...query, arrived, window: { start: next, end: window.end } },
      reach,
    );
    found.push(...stretch.slots);
    next = stretch.next;
    calendars -= stretch.looked.calendars;
    slotsLeft -= stretch.looked.slots;
    count *= FURTHER;
  }
  if (found.length <= limit) return { slots: found, next };
  const shown = found.slice(0, limit);
  // Not at the first slot left out: before the next page the grid may move, and what is open now may then lie in a slot
  // that starts earlier.
  return { slots: shown, next: (shown.at(-1)?.start ?? window.start) + 1 };
}

/** How far one look goes: to the `count`th slot, booked or not, or to the end of the most that it may look at. */
interface Reach {
  readonly count: number;
  readonly calendars: number;
  /** Each counted once for every seat. At least one is looked at. */
  readonly slots: number;
}

/**
 * The open slots in the first part of a window. The query for the bookings reads the generation and the clock along with
 * them; if that generation is not the calendars', Availability is asked again.
 */
async function openStretch(
  deps: SchedulingDeps,
  caller: Caller,
  query: Asked,
  reach: Reach,
): Promise<Page & Pick<Parts, "looked">> {
  const { hostId, durationMs, ignoresNotice, limit: most } = query;
  let newerThan = -Infinity;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { parts, time, next, looked } = await partsOf(deps, caller, query, reach, newerThan);
    const { generation, now, isActive, taken } = await readBookedTime(deps.pool, hostId, time, caller);
    if (!isActive) return { slots: [], next: undefined, looked };
    const outdated = parts.filter(({ calendar }) => calendar.generation !== generation);
    if (outdated.length === 0) {
      const terms = { now, ignoresNotice };
      const rules = parts.at(-1)?.calendar.rules;
      const open = parts.flatMap((part) =>
        slots(part.calendar, { window: part.window, durationMs, most: most + 1 }, terms, taken),
      );
      const isOver = next === undefined || rules === undefined;
      const from = isOver ? undefined : nextAllowed(next, query.window, startsWithin(rules, terms));
      return { slots: open, next: from, looked };
    }
    newerThan = Math.max(...outdated.map(({ begunAt }) => begunAt));
    if (attempt > 1) await pauseAfter(attempt, caller);
  }
  throw new Refusal("BUSY", "the host's availability keeps changing", { retryAfterMs: 200 });
}

/** Where to go on of a window: not where notice or horizon allow no start. */
function nextAllowed(
  next: Instant,
  window: Interval,
  { soonest, latest }: { readonly soonest: Instant; readonly latest: Instant },
): Instant | undefined {
  const from = Math.max(next, soonest);
  return from < window.end && from <= latest ? from : undefined;
}

/** A part of a window, and the calendar for it. */
interface Part extends RememberedCalendar {
  readonly window: Interval;
}

interface Parts {
  /** More than one where the window crosses the edge of what one calendar covers. */
  readonly parts: readonly Part[];
  /** All time in which a booking may be in the way of their slots. */
  readonly time: Interval;
  /** What is left of the window begins here; undefined if nothing is. */
  readonly next: Instant | undefined;
  readonly looked: Pick<Reach, "calendars" | "slots">;
}

/** The parts of a window that hold its first slots, were none of them booked or past. */
async function partsOf(
  deps: SchedulingDeps,
  caller: Caller,
  query: Asked,
  reach: Reach,
  newerThan: number,
): Promise<Parts> {
  const { window, durationMs } = query;
  const parts: Part[] = [];
  const times: Interval[] = [];
  let from = window.start;
  let { count, slots: slotsLeft } = reach;
  while (from < window.end && count > 0 && slotsLeft > 0 && parts.length < reach.calendars) {
    const known = await calendarAt(deps, caller, query, from, newerThan);
    const { rules } = known.calendar;
    const most = Math.min(count, Math.ceil(slotsLeft / rules.seats));
    const stretch = stretchOf(known.calendar, { start: from, end: window.end }, most);
    const part = { start: from, end: stretch.end };
    parts.push({ ...known, window: part });
    times.push(occupied(rules, { start: part.start, end: part.end + (durationMs ?? rules.slotMs) }));
    from = part.end;
    count -= stretch.count;
    slotsLeft -= stretch.count * rules.seats;
  }
  return {
    parts,
    time: { start: Math.min(...times.map(({ start }) => start)), end: Math.max(...times.map(({ end }) => end)) },
    // A slot that starts in the window's last millisecond leaves nothing, not an empty window that the next page would refuse.
    next: from < window.end ? from : undefined,
    looked: { calendars: parts.length, slots: reach.slots - slotsLeft },
  };
}

/**
 * The calendar that covers an instant. Throws Refusal OFF_GRID if the asked length is not made of its slots, for good only by
 * an ask that began after the caller arrived: another replica may have changed the length of the slots a moment ago.
 */
async function calendarAt(
  { calendars }: SchedulingDeps,
  caller: Caller,
  { hostId, durationMs, arrived }: Asked,
  instant: Instant,
  newerThan: number,
): Promise<RememberedCalendar> {
  const isOffGrid = ({ calendar }: RememberedCalendar): boolean =>
    durationMs !== undefined && durationMs % calendar.rules.slotMs > 0;
  const known = await calendars.at(hostId, instant, newerThan, caller);
  if (!isOffGrid(known)) return known;
  const fresh = known.begunAt < arrived ? await calendars.at(hostId, instant, arrived, caller) : known;
  if (isOffGrid(fresh)) throw offGrid();
  return fresh;
}
