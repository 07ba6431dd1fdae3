import { setImmediate } from "node:timers/promises";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { type Instant, difference, type Interval, intersection, merge } from "../../../shared/interval.ts";
import { FENCED_BOOKINGS_DEFAULT } from "../../../shared/limits.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { noLongerOpen, replacement } from "../domain/change.ts";
import type { Intent } from "../domain/open-time.ts";
import type { CallLimits } from "../peers/booking.ts";
import type { HostTransaction } from "../storage/change-host.ts";
import { replaceExceptions } from "../storage/exceptions.ts";
import { type Booked, bookingsIn } from "./bookings-in.ts";
import type { SchedulingDeps } from "./deps.ts";

/**
 * The nest of deadlines: the transaction of a change that shrinks open time is open while Booking is asked, so Booking's wait
 * for its own lock is shorter than FENCE_MAX_MS (for all questions of one change together), this than HOST_LOCK_IDLE_MS, after
 * which PostgreSQL rolls the change back and frees the host even if this process hangs, and that than a caller's usual deadline.
 */
export const FENCE_MAX_MS = 2000;

/** Hours without end are compared so far, or as far as there are bookings, and a part at a time. */
const COMPARED_MS = 366 * DAY_MS;

/** What is to change of what was said about a host's time. */
export interface TimeChange {
  /** Within it open time may change. */
  readonly window: Interval;
  /** With all exceptions that overlap or touch the window. */
  readonly before: Intent;
  readonly after: Intent;
  /** Whether the time of bookings in the way stays open. If not, they forbid the change. */
  readonly keepsBooked: boolean;
}

export interface ChangedTime {
  /** The time that is open no longer, by start; of weekly hours without end, that of the first COMPARED_MS at least. */
  readonly removed: readonly Interval[];
  /** The bookings whose time stays open. */
  readonly kept: Booked;
  readonly exceptionCount: number;
}

/**
 * Changes a host's openings and closures, and its open time with them or with the weekly hours that its caller stores, in a
 * transaction that holds its lock. This is the only path on which open time shrinks, so every shrinking is fenced.
 *
 * Booking must be asked before the commit and while the host's lock is held. Then the fence sees each booking that is
 * committed before it, and one that would be committed after it finds another generation, asks again, and waits for this lock.
 * Old and new open time are compared under the lock too: what was read before it may have changed since.
 *
 * Throws Refusal AVAILABILITY_BOOKED if active bookings that have not ended are in the removed time and it is not kept for
 * them, and what `BookingPeer.fenceHost` throws.
 */
export async function changeOpenTime(
  deps: SchedulingDeps,
  { run, host }: HostTransaction,
  { window, before, after, keepsBooked }: TimeChange,
  caller: Caller,
): Promise<ChangedTime> {
  const deadline = Math.min(caller.deadline, monotonicMs() + FENCE_MAX_MS);
  const limits = (): CallLimits => ({
    timeoutMs: timeoutWithin(deadline, FENCE_MAX_MS),
    signal: caller.signal,
    trace: caller.trace,
  });
  const { compared, bookedUntil } = await reachOf(deps, host.id, before, window, limits);
  const closing = await removedWithin(before, after, compared);
  const fenced = closing.filter(({ start }) => start < bookedUntil);
  const booked = await bookingsIn(deps.booking, host.id, fenced, keepsBooked, limits);
  if (booked.count > 0 && !keepsBooked) throw availabilityBooked(booked);
  const keptTime = intersection(closing, merge(booked.bookings));
  const openings = replacement(before.openings, merge([...after.openings, ...keptTime]));
  const closures = replacement(before.closures, after.closures);
  await replaceExceptions(run, "openings", host.id, openings);
  await replaceExceptions(run, "closures", host.id, closures);
  return {
    removed: keptTime.length === 0 ? closing : difference(closing, keptTime),
    kept: booked,
    exceptionCount: openings.gone.length + closures.gone.length,
  };
}

interface Reach {
  /** Where old and new open time are compared. */
  readonly compared: Interval;
  /** No booking ends later. */
  readonly bookedUntil: Instant;
}

/**
 * How far to look. Weekly hours have no end, but the host's bookings have: Booking tells the end of the last one, and with this
 * question makes all calendars that it remembers stale, so that none is accepted behind that end until this lock is free.
 */
async function reachOf(
  { booking }: SchedulingDeps,
  hostId: string,
  before: Intent,
  window: Interval,
  limits: () => CallLimits,
): Promise<Reach> {
  const isBounded = before.periods.length === 0 || window.end - window.start <= COMPARED_MS;
  if (isBounded) return { compared: window, bookedUntil: Infinity };
  const { lastBookingEnd = -Infinity } = await booking.fenceHost(
    hostId,
    { ranges: [], findLastBooking: true },
    limits(),
  );
  const end = Math.min(window.end, Math.max(lastBookingEnd, window.start + COMPARED_MS));
  return { compared: { start: window.start, end }, bookedUntil: lastBookingEnd };
}

async function removedWithin(before: Intent, after: Intent, window: Interval): Promise<Interval[]> {
  // Openings are compared in one go, however far they reach.
  if (before.periods.length === 0) return noLongerOpen(before, after, window);
  const removed: Interval[] = [];
  for (let { start } = window; start < window.end; start += COMPARED_MS) {
    removed.push(...noLongerOpen(before, after, { start, end: Math.min(start + COMPARED_MS, window.end) }));
    // A host whose bookings reach far ahead does not stall the others.
    await setImmediate();
  }
  return merge(removed);
}

function availabilityBooked({ bookings, count }: Booked): Refusal {
  return new Refusal("AVAILABILITY_BOOKED", `bookings that have not ended are in the time that would go: ${count}`, {
    preconditions: bookings.slice(0, FENCED_BOOKINGS_DEFAULT).map(({ id }) => ({
      type: "BOOKING",
      subject: id,
      description: "is active and has not ended",
    })),
    metadata: { booking_count: String(count) },
  });
}
