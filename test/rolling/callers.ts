/** Callers who call without a pause, in every way there is, and note each call that fails. */

import { setTimeout as pause } from "node:timers/promises";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { time } from "../gateway/bookable.ts";
import { tomorrow } from "../support/people.ts";
import { timesOf } from "../support/times.ts";
import type { Door } from "./doors.ts";
import type { GatewayClient } from "./gateway-door.ts";

/** What a caller does in each turn. None of it is ever refused. */
export interface Deeds {
  book(during: Interval): Promise<string>;
  read(bookingId: string): Promise<unknown>;
  cancel(bookingId: string): Promise<unknown>;
  /** At Availability. Closing asks Booking. */
  look(): Promise<unknown>;
  open(during: Interval): Promise<unknown>;
  close(during: Interval): Promise<unknown>;
}

/** A host of its own for each caller, and the guest of all of them. */
export interface Whom {
  readonly hostId: string;
  readonly guestId: string;
}

export interface Caller {
  readonly name: string;
  /** Changes of its host's bookings that it knows to be done. */
  readonly changes: () => number;
  readonly calls: () => number;
  readonly failures: readonly string[];
  readonly ended: Promise<void>;
}

/** Days of each host that are open from the start. */
export const OPEN_DAYS = 300;
const SLOT_MS = 30 * MINUTE_MS;
const PAUSE_MS = 10;

export function deedsBy({ unary }: Door, { hostId, guestId }: Whom): Deeds {
  return {
    async book(during) {
      const { booking } = await unary(BookingService.method.createBooking, { hostId, guestId, ...timesOf(during) });
      return booking!.id;
    },
    read: (bookingId) => unary(BookingService.method.getBooking, { bookingId }),
    cancel: (bookingId) => unary(BookingService.method.cancelBooking, { bookingId }),
    look: () => unary(UserService.method.getUser, { userId: hostId }),
    open: (during) =>
      unary(AvailabilityService.method.addAvailability, { hostId, ...timesOf(during), slotDurationMinutes: 30 }),
    close: (during) => unary(AvailabilityService.method.removeAvailability, { hostId, ...timesOf(during) }),
  };
}

export function deedsThrough({ call }: GatewayClient, { hostId, guestId }: Whom): Deeds {
  const times = ({ start, end }: Interval): object => ({ startTime: time(start), endTime: time(end) });
  return {
    async book(during) {
      return (await call("POST", "/bookings", { hostId, guestId, ...times(during) }))["booking"]!["id"]!;
    },
    read: (bookingId) => call("GET", `/bookings/${bookingId}`),
    cancel: (bookingId) => call("POST", `/bookings/${bookingId}:cancel`, {}),
    look: () => call("GET", `/users/${hostId}`),
    open: (during) => call("POST", "/availability", { hostId, ...times(during), slotDuration: 30 }),
    close: (during) => call("POST", "/availability:remove", { hostId, ...times(during) }),
  };
}

/** Which of the services it calls. */
export type At = "both" | "availability" | "booking";

/** Calls until `ending`. */
export function startCaller(name: string, deeds: Deeds, at: At, ending: AbortSignal): Caller {
  const failures: string[] = [];
  let [calls, changes] = [0, 0];
  const doing = async <T>(what: string, deed: () => Promise<T>): Promise<T | undefined> => {
    calls += 1;
    const begun = performance.now();
    try {
      return await deed();
    } catch (error) {
      failures.push(`${name}: ${what} after ${Math.round(performance.now() - begun)} ms: ${String(error)}`);
      return undefined;
    } finally {
      await pause(PAUSE_MS);
    }
  };
  const atBooking = async (turn: number): Promise<void> => {
    const start = tomorrow(0) + 2 * DAY_MS + (turn % ((OPEN_DAYS - 4) * 48)) * SLOT_MS;
    const bookingId = await doing("book", () => deeds.book({ start, end: start + SLOT_MS }));
    if (bookingId === undefined) return;
    changes += 1;
    await doing("read", () => deeds.read(bookingId));
    if ((await doing("cancel", () => deeds.cancel(bookingId))) !== undefined) changes += 1;
  };
  const atAvailability = async (turn: number): Promise<void> => {
    await doing("look", () => deeds.look());
    const start = tomorrow(0) + (OPEN_DAYS + 2) * DAY_MS + (turn % 1000) * 2 * HOUR_MS;
    const during = { start, end: start + HOUR_MS };
    if (turn % 4 !== 0) return;
    if ((await doing("open", () => deeds.open(during))) !== undefined) await doing("close", () => deeds.close(during));
  };
  const work = async (): Promise<void> => {
    for (let turn = 0; !ending.aborted; turn += 1) {
      if (at !== "availability") await atBooking(turn);
      if (at !== "booking") await atAvailability(turn);
    }
  };
  return { name, changes: () => changes, calls: () => calls, failures, ended: work() };
}
