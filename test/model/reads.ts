/** What callers can read of a host, as plain data and whole: all pages of a list, all of a feed so far. */

import { isDeepStrictEqual } from "node:util";
import { ExceptionKind } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import {
  type Booking,
  type BookingEvent,
  BookingEventKind,
  BookingState,
} from "../../shared/gen/booking/v1/booking_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import type { Clients } from "../support/clients.ts";
import type { ReplicaClients } from "../support/fencing-clients.ts";
import { watchBookings } from "../support/watching.ts";
import { hoursIn, rulesIn } from "./calls.ts";
import { seen, type SeenBooking, type StateName } from "./seen-booking.ts";
import type { Hours } from "./hours.ts";
import type { SeenSlot } from "./model.ts";
import type { SeenException } from "./model-time.ts";
import { quartersOf, times } from "./quarters.ts";
import type { RuleValues } from "./rules.ts";

export async function readAvailability(
  { availability }: Clients,
  hostId: string,
  window: Interval,
  pageSize: number,
): Promise<Interval[]> {
  const found = await pages((page) => availability.listAvailability({ hostId, ...times(window), ...page }), pageSize);
  return found.flatMap(({ availabilities }) => availabilities.map(quartersOf));
}

/** By start; of two that start together, the closure first. */
export async function readExceptions(
  { availability }: Clients,
  hostId: string,
  window: Interval,
  pageSize: number,
): Promise<SeenException[]> {
  const found = await pages((page) => availability.listExceptions({ hostId, ...times(window), ...page }), pageSize);
  return found.flatMap(({ exceptions }) =>
    exceptions.map((each) => ({
      kind: each.kind === ExceptionKind.CLOSURE ? "CLOSURE" : "OPENING",
      ...quartersOf(each),
    })),
  );
}

/** Weekly hours with their version, and the slot duration. */
export async function readHours(
  { availability }: Clients,
  hostId: string,
): Promise<{ readonly hours: Hours[]; readonly etag: string; readonly slotDurationMinutes: number }> {
  const { weeklyHours, etag, slotDurationMinutes } = await availability.getWeeklyHours({ hostId });
  return { hours: weeklyHours.map(hoursIn), etag, slotDurationMinutes };
}

/** As the booking service reads it, whole. */
export async function readSnapshot(
  { snapshots }: ReplicaClients,
  hostId: string,
  window: Interval,
): Promise<{
  readonly intervals: (Interval & { readonly origin: number })[];
  readonly rules: RuleValues;
}> {
  const snapshot = await snapshots.snapshotAvailability({ hostId, ...times(window) });
  const covered = { startTime: snapshot.coveredStartTime, endTime: snapshot.coveredEndTime };
  if (!isDeepStrictEqual(quartersOf(covered), window)) throw new Error("a snapshot of a part of the window");
  if (snapshot.rules === undefined) throw new Error("a snapshot without the host's rules");
  const intervals = snapshot.intervals.map((each) => {
    const { start: origin } = quartersOf({ startTime: each.gridOriginTime, endTime: each.endTime });
    return { ...quartersOf(each), origin };
  });
  return { intervals, rules: rulesIn(snapshot.rules).rules };
}

/** `durationMinutes`: 0 is one slot. */
export async function readOpenSlots(
  { bookings }: Clients,
  hostId: string,
  {
    window,
    ...asked
  }: { readonly window: Interval; readonly durationMinutes?: number; readonly ignoreNotice?: boolean },
  pageSize: number,
): Promise<SeenSlot[]> {
  const found = await pages(
    (page) => bookings.listOpenSlots({ hostId, ...times(window), ...asked, ...page }),
    pageSize,
  );
  return found.flatMap(({ slots }) => slots.map((slot) => ({ ...quartersOf(slot), openSeats: slot.openSeats })));
}

export async function readRules({ availability }: Clients, hostId: string): Promise<ReturnType<typeof rulesIn>> {
  const { rules } = await availability.getRules({ hostId });
  if (rules === undefined) throw new Error("an answer without its rules");
  return rulesIn(rules);
}

/** With the sequence to watch from. */
export async function readBookings(
  { bookings }: Clients,
  hostId: string,
  window: Interval,
  states: readonly StateName[],
  pageSize: number,
): Promise<{ readonly bookings: SeenBooking[]; readonly sequence: bigint }> {
  const asked = { hostId, ...times(window), states: states.map((state) => BookingState[state]) };
  const found = await pages((page) => bookings.listBookings({ ...asked, ...page }), pageSize);
  return { bookings: found.flatMap((page) => page.bookings.map(seen)), sequence: found[0]?.sequence ?? -1n };
}

export interface SeenEvent {
  readonly sequence: number;
  readonly kind: string;
  readonly actor: string;
  readonly booking: SeenBooking;
}

const nameOf: Record<BookingEventKind, string> = {
  [BookingEventKind.UNSPECIFIED]: "UNSPECIFIED",
  [BookingEventKind.HELD]: "HELD",
  [BookingEventKind.CONFIRMED]: "CONFIRMED",
  [BookingEventKind.RESCHEDULED]: "RESCHEDULED",
  [BookingEventKind.CANCELLED]: "CANCELLED",
  [BookingEventKind.EXPIRED]: "EXPIRED",
  [BookingEventKind.ERASED]: "ERASED",
};

/** The feed from its beginning up to the event `last`, which must be there or come. */
export async function readFeed({ bookings }: Clients, hostId: string, last: number): Promise<SeenEvent[]> {
  const watching = await watchBookings(bookings, hostId, 0);
  try {
    await watching.reaches(last);
    return watching.messages.flatMap(({ event }) =>
      event?.booking === undefined ? [] : [seenEvent(event, event.booking)],
    );
  } finally {
    watching.leave();
  }
}

function seenEvent({ sequence, kind, actor }: BookingEvent, booking: Booking): SeenEvent {
  return { sequence: Number(sequence), kind: nameOf[kind] ?? String(kind), actor, booking: seen(booking) };
}

async function pages<Page extends { readonly nextPageToken: string }>(
  ask: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<Page>,
  pageSize: number,
): Promise<Page[]> {
  const found: Page[] = [];
  let pageToken = "";
  do {
    const page = await ask({ pageSize, pageToken });
    found.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}
