/**
 * Who may call what, as the project promises it, and a call for each row. It is written down apart from the tables that
 * the services decide by, so that a slip in those is seen.
 */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import type { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { DayOfWeek } from "../../shared/gen/google/type/dayofweek_pb.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { type Call, type Caller, callers, codes, ofHost, type Row, type Table, type World } from "./access-rows.ts";
import { users } from "./access-users.ts";
import type { Clients } from "./clients.ts";
import { tomorrow } from "./people.ts";

const MORNING = { day: DayOfWeek.MONDAY, start: "09:00", end: "12:30" };

const availability: Table<typeof AvailabilityService> = {
  addAvailability: {
    "": [
      "? + - - - + - ?",
      inSlot((as, slot) => as.availability.addAvailability({ ...slot, slotDurationMinutes: 30 })),
    ],
  },
  removeAvailability: { "": ["? + - - - + - ?", inSlot((as, slot) => as.availability.removeAvailability(slot))] },
  setWeeklyHours: {
    "": [
      "? + - - - + - ?",
      ofHost((as, hostId) =>
        as.availability.setWeeklyHours({ hostId, timeZone: "UTC", ranges: [MORNING], slotDurationMinutes: 30 }),
      ),
    ],
  },
  getWeeklyHours: { "": ["? + + + + + + ?", ofHost((as, hostId) => as.availability.getWeeklyHours({ hostId }))] },
  restoreWeeklyHours: { "": ["? + - - - + - ?", inSlot((as, slot) => as.availability.restoreWeeklyHours(slot))] },
  listExceptions: { "": ["? + + + + + + ?", ofHost((as, hostId) => as.availability.listExceptions({ hostId }))] },
  listAvailability: { "": ["? + + + + + + ?", ofHost((as, hostId) => as.availability.listAvailability({ hostId }))] },
  getRules: { "": ["? + + + + + + ?", ofHost((as, hostId) => as.availability.getRules({ hostId }))] },
  updateRules: { "": ["? + - - - + - ?", ofHost((as, hostId) => as.availability.updateRules({ hostId, seats: 1 }))] },
  snapshotAvailability: { "": ["? - - - - - + ?", inSlot((as, slot) => as.availability.snapshotAvailability(slot))] },
};

const bookings: Table<typeof BookingService> = {
  listOpenSlots: {
    "": [
      "? + + + + + ? +",
      async ({ hostId }) =>
        (as) =>
          as.bookings.listOpenSlots({ hostId }),
    ],
  },
  createBooking: {
    "": [
      "? + - + - + ? -",
      async ({ hostId, guestId, nextSlot }) =>
        (as) =>
          as.bookings.createBooking({ hostId, guestId, ...nextSlot() }),
    ],
  },
  confirmBooking: { "": ["? + 0 + 0 + ? -", toOne((as, bookingId) => as.bookings.confirmBooking({ bookingId }))] },
  cancelBooking: { "": ["? + 0 + 0 + ? -", toOne((as, bookingId) => as.bookings.cancelBooking({ bookingId }))] },
  rescheduleBooking: {
    "": [
      "? + 0 + 0 + ? -",
      toOne((as, bookingId, { nextSlot }) => as.bookings.rescheduleBooking({ bookingId, ...nextSlot() })),
    ],
  },
  getBooking: { "": ["? + 0 + 0 + ? -", toOne((as, bookingId) => as.bookings.getBooking({ bookingId }))] },
  listBookings: {
    " of the host": [
      "? + - - - + ? -",
      async ({ hostId }) =>
        (as) =>
          as.bookings.listBookings({ hostId }),
    ],
    " of the guest": [
      "? - - + - + ? -",
      async ({ guestId }) =>
        (as) =>
          as.bookings.listBookings({ guestId }),
    ],
    " of both": [
      "? + - + - + ? -",
      async ({ hostId, guestId }) =>
        (as) =>
          as.bookings.listBookings({ hostId, guestId }),
    ],
  },
  watchBookings: {
    "": [
      "? + - - - + ? -",
      async ({ hostId }) =>
        (as) =>
          first(as.bookings.watchBookings({ hostId })),
    ],
  },
};

const fence: Table<typeof FenceService> = {
  fenceHost: {
    "": [
      "? - - - - - ? +",
      async ({ hostId }) =>
        (as) =>
          as.fence.fenceHost({ hostId, ranges: [] }),
    ],
  },
  fenceUser: {
    "": [
      "? - - - - - ? +",
      async ({ guestId }) =>
        (as) =>
          as.fence.fenceUser({ userId: guestId, state: UserState.ACTIVE, version: 1n }),
    ],
  },
  hasGuest: {
    "": [
      "? - - - - - ? +",
      async ({ hostId, guestId }) =>
        (as) =>
          as.fence.hasGuest({ hostId, guestId }),
    ],
  },
};

export const tables = { users, availability, bookings, fence };

/** One row: a method in one of its ways, the code that each caller gets, and the call. */
export interface Rule {
  readonly name: string;
  readonly expected: Readonly<Record<Caller, string>>;
  readonly call: Call;
}

export const rules: readonly Rule[] = Object.values(tables)
  .flatMap((table) => Object.entries<Readonly<Record<string, Row>>>(table))
  .flatMap(([method, ways]) =>
    Object.entries(ways).map(([way, [expected, call]]) => ({ name: method + way, expected: codesOf(expected), call })),
  );

function codesOf(expected: string): Record<Caller, string> {
  const signs = expected.split(" ");
  return Object.fromEntries(callers.map((caller, index) => [caller, codes[signs[index] ?? ""]])) as Record<
    Caller,
    string
  >;
}

/** A call about a slot of the host. */
function inSlot(
  call: (as: Clients, slot: { hostId: string } & ReturnType<World["nextSlot"]>) => Promise<unknown>,
): Call {
  return async ({ hostId, nextSlot }) =>
    (as) =>
      call(as, { hostId, ...nextSlot() });
}

/** A call to a booking of the host and the guest: a hold, which every operation may change. */
function toOne(call: (as: Clients, bookingId: string, world: World) => Promise<unknown>): Call {
  return async (world) => {
    const { hostId, guestId } = world;
    const held = { hostId, guestId, ...world.nextSlot(), holdSeconds: 600 };
    const { booking } = await world.clients.bookings.createBooking(held);
    return (as) => call(as, booking!.id, world);
  };
}

/** The first message of a stream, which then is left. */
async function first(stream: AsyncIterable<unknown>): Promise<unknown> {
  for await (const message of stream) return message;
  throw new Error("the stream has ended");
}

/** Slots of half an hour from tomorrow on, one after the other. */
export function slots(): World["nextSlot"] {
  let next = tomorrow(0);
  return () => {
    const start = next;
    next += 30 * MINUTE_MS;
    return { startTime: timestampFromMs(start), endTime: timestampFromMs(next) };
  };
}
