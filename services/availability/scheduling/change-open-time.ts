import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { Refusal } from "../../../shared/errors.ts";
import type { Interval } from "../../../shared/interval.ts";
import type { Availability } from "../domain/availability.ts";
import { fencedRanges } from "../domain/fenced-ranges.ts";
import { replace } from "../domain/replace.ts";
import { intervalsTouching, replaceIntervals } from "../storage/availability.ts";
import type { HostTransaction } from "../storage/change-host.ts";
import type { SchedulingDeps } from "./deps.ts";

/**
 * The nest of deadlines: a removal's transaction is open while Booking is asked, so Booking's wait for its own lock is
 * shorter than FENCE_MAX_MS, this than HOST_LOCK_IDLE_MS, after which PostgreSQL rolls the removal back and frees the host even
 * if this process hangs, and that than a caller's usual deadline.
 */
const FENCE_MAX_MS = 2000;

/** The open time that a host is to have within a window. */
export interface WantedTime {
  readonly hostId: string;
  readonly window: Interval;
  /** By start, within the window. */
  readonly wanted: readonly Interval[];
  /** Of the wanted time. What is left of stored intervals keeps theirs, so a pure removal needs none. */
  readonly slotDurationMinutes?: number;
}

export interface ChangedTime {
  /** The time that is open no longer, by start. */
  readonly removed: readonly Interval[];
  /** The intervals that were stored, by start. */
  readonly written: readonly Availability[];
  /** Those that were there before and overlap or touch the window, by start. */
  readonly before: readonly Availability[];
}

/**
 * Changes a host's open time, in a transaction that holds its lock. This is the only path on which open time shrinks, so
 * every removal is fenced.
 *
 * Booking must be asked before the commit and while the host's lock is held. Then the fence sees each booking that is
 * committed before it, and one that would be committed after it finds another generation, asks again, and waits for this lock.
 *
 * Throws Refusal AVAILABILITY_BOOKED if active bookings that have not ended are in the removed time, and what
 * `BookingPeer.fenceHost` throws.
 */
export async function changeOpenTime(
  deps: SchedulingDeps,
  { client, run }: HostTransaction,
  { hostId, window, wanted, slotDurationMinutes }: WantedTime,
  caller: Caller,
): Promise<ChangedTime> {
  const before = await intervalsTouching(run, hostId, window);
  const { removed, gone, written: by } = replace(before, wanted, window);
  const minutes = slotDurationMinutes ?? before[0]?.slotDurationMinutes;
  // Nothing is stored there, and nothing is wanted.
  if (minutes === undefined) return { removed, written: [], before };
  const written = await replaceIntervals(client, { hostId, slotDurationMinutes: minutes, replaced: gone, by });
  if (removed.length > 0) await assertNotBooked(deps, hostId, removed, caller);
  return { removed, written, before };
}

async function assertNotBooked(
  deps: SchedulingDeps,
  hostId: string,
  removed: readonly Interval[],
  caller: Caller,
): Promise<void> {
  const fence = { ranges: fencedRanges(removed) };
  const { bookings, bookingCount } = await deps.booking.fenceHost(hostId, fence, {
    timeoutMs: timeoutWithin(caller.deadline, FENCE_MAX_MS),
    signal: caller.signal,
  });
  if (bookings.length === 0 && bookingCount === 0) return;
  throw new Refusal("AVAILABILITY_BOOKED", `bookings that have not ended are in the range: ${bookingCount}`, {
    preconditions: bookings.map(({ id }) => ({
      type: "BOOKING",
      subject: id,
      description: "is active and has not ended",
    })),
    metadata: { booking_count: String(bookingCount) },
  });
}
