/** Pages of open slots: availability, bookings and clock of one moment. */

import { type Caller, pauseAfter } from "../../../shared/caller.ts";
import { Refusal } from "../../../shared/errors.ts";
import { type Instant, interval, type Interval } from "../../../shared/interval.ts";
import { slots } from "../domain/calendar.ts";
import type { RememberedCalendar } from "../peers/calendars.ts";
import { readBookedTime } from "../storage/open-slots.ts";
import type { SchedulingDeps } from "./deps.ts";

/** How often availability may change while a stretch of slots is read before the caller is told to come again. */
const ATTEMPTS_MAX = 5;
/**
 * A page looks at this many calendars and then ends, shorter than asked, so that a host that is booked out, or whose time is
 * cut up finely, costs no more. Five of them hold the longest window of all other hosts.
 */
const CALENDARS_PER_PAGE = 8;
/** A first look at half as many slots again as are wanted finds them at once unless more than a third of them are booked. */
const LOOK_AHEAD = 1.5;

export interface Page {
  readonly slots: readonly Interval[];
  /** Where the next page begins; undefined if nothing is left to look at. */
  readonly next: Instant | undefined;
}

/** The first open slots of a window, at most `limit`. Throws what `Calendars.at` throws, and Refusal BUSY. */
export async function openSlots(
  deps: SchedulingDeps,
  caller: Caller,
  hostId: string,
  window: Interval,
  limit: number,
): Promise<Page> {
  const count = Math.ceil((limit + 1) * LOOK_AHEAD);
  const found: Interval[] = [];
  let next: Instant | undefined = window.start;
  let left = CALENDARS_PER_PAGE;
  while (left > 0 && next !== undefined && found.length < limit) {
    const rest = { start: next, end: window.end };
    const stretch = await openStretch(deps, caller, hostId, rest, { count, calendars: left });
    found.push(...stretch.slots);
    next = stretch.next;
    left -= stretch.looked;
  }
  if (found.length <= limit) return { slots: found, next };
  const shown = found.slice(0, limit);
  // Not at the first slot left out: before the next page the grid may move, and what is open now may then lie in a slot
  // that starts earlier.
  return { slots: shown, next: (shown.at(-1)?.start ?? window.start) + 1 };
}

/** How far one look goes: to the `count`th slot, booked or not, or to the end of the most calendars that one page may read. */
interface Reach {
  readonly count: number;
  readonly calendars: number;
}

/**
 * The open slots in the first part of a window. The query for the bookings reads the generation and the clock along with
 * them; if that generation is not the calendars', Availability is asked again.
 */
async function openStretch(
  deps: SchedulingDeps,
  caller: Caller,
  hostId: string,
  window: Interval,
  reach: Reach,
): Promise<Page & { readonly looked: number }> {
  let newerThan = -Infinity;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { parts, stretch, next } = await partsOf(deps, caller, hostId, window, reach, newerThan);
    const { generation, now, active } = await readBookedTime(deps.pool, hostId, stretch, caller.signal);
    const outdated = parts.filter(({ calendar }) => calendar.generation !== generation);
    if (outdated.length === 0) {
      const open = parts.flatMap((part) => slots(part.calendar, part.window, now, active));
      return { slots: open, next, looked: parts.length };
    }
    newerThan = Math.max(...outdated.map(({ begunAt }) => begunAt));
    if (attempt > 1) await pauseAfter(attempt, caller);
  }
  throw new Refusal("BUSY", "the host's availability keeps changing", { retryAfterMs: 200 });
}

/** A part of a window, and the calendar for it. */
interface Part extends RememberedCalendar {
  readonly window: Interval;
}

interface Parts {
  /** More than one where the window crosses the edge of what one calendar covers. */
  readonly parts: readonly Part[];
  /** The time of all their slots. */
  readonly stretch: Interval;
  /** What is left of the window begins here; undefined if nothing is. */
  readonly next: Instant | undefined;
}

/** The parts of a window that hold its first slots, were none of them booked or past. */
async function partsOf(
  deps: SchedulingDeps,
  caller: Caller,
  hostId: string,
  window: Interval,
  { count, calendars: calendarsMax }: Reach,
  newerThan: number,
): Promise<Parts> {
  const parts: Part[] = [];
  const all: Interval[] = [];
  let from = window.start;
  while (from < window.end && all.length < count && parts.length < calendarsMax) {
    const known = await deps.calendars.at(hostId, from, newerThan, caller);
    const part = { start: from, end: Math.min(window.end, known.calendar.covered.end) };
    all.push(...slots(known.calendar, part, -Infinity, [], count - all.length));
    const last = all.at(-1);
    from = all.length === count && last !== undefined ? last.start + 1 : part.end;
    parts.push({ ...known, window: { start: part.start, end: from } });
  }
  const stretch = interval(all[0]?.start ?? window.start, all.at(-1)?.end ?? window.start + 1);
  // A slot that starts in the window's last millisecond leaves nothing, not an empty window that the next page would refuse.
  return { parts, stretch, next: from < window.end ? from : undefined };
}
