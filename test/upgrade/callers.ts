/** Callers who do everything that a pair is used for, each write with a `request_id`, and note each call that fails. */

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { type Caller, OPEN_DAYS, type Whom } from "../rolling/callers.ts";
import type { Unary } from "../rolling/doors.ts";
import { tomorrow } from "../support/people.ts";
import { timesOf } from "../support/times.ts";

const SLOT_MS = 30 * MINUTE_MS;
const SLOTS_PER_TURN = 3;
const TURNS = ((OPEN_DAYS - 4) * DAY_MS) / (SLOTS_PER_TURN * SLOT_MS);
const ADDITIONS = 1000;
const PAUSE_MS = 20;

/** Calls until `ending`. */
export function startCaller(name: string, unary: Unary, { hostId, guestId }: Whom, ending: AbortSignal): Caller {
  const failures: string[] = [];
  let [calls, changes] = [0, 0];
  const noting: Unary = async (method, request) => {
    calls += 1;
    await pause(PAUSE_MS);
    try {
      return await unary(method, request);
    } catch (error) {
      failures.push(`${name}: ${method.name}: ${String(error)}`);
      throw error;
    }
  };
  /** A write that makes one event. */
  const change: Unary = async (method, request) => {
    const answer = await noting(method, { ...request, requestId: randomUUID() });
    changes += 1;
    return answer;
  };
  const { createBooking, confirmBooking, rescheduleBooking, cancelBooking, listBookings, listOpenSlots } =
    BookingService.method;
  const doTurn = async (turn: number): Promise<void> => {
    const first = tomorrow(0) + 2 * DAY_MS + (turn % TURNS) * SLOTS_PER_TURN * SLOT_MS;
    const at = (slot: number): Interval => ({ start: first + slot * SLOT_MS, end: first + (slot + 1) * SLOT_MS });
    const made = await change(createBooking, { hostId, guestId, ...timesOf(at(0)), note: name });
    const held = await change(createBooking, { hostId, guestId, ...timesOf(at(1)), holdSeconds: 3600 });
    await change(confirmBooking, { bookingId: held.booking!.id });
    await change(rescheduleBooking, { bookingId: made.booking!.id, ...timesOf(at(2)) });
    await noting(listBookings, { hostId, pageSize: 10 });
    await noting(listOpenSlots, { hostId, pageSize: 10 });
    await change(cancelBooking, { bookingId: made.booking!.id });
    const start = tomorrow(0) + (OPEN_DAYS + 2) * DAY_MS + (turn % ADDITIONS) * 2 * HOUR_MS;
    const added = { hostId, ...timesOf({ start, end: start + HOUR_MS }), slotDurationMinutes: 30 };
    await noting(AvailabilityService.method.addAvailability, { ...added, requestId: randomUUID() });
  };
  const work = async (): Promise<void> => {
    // A turn that fails is not gone on with: what comes next builds on it.
    for (let turn = 0; !ending.aborted; turn += 1) await doTurn(turn).catch(() => undefined);
  };
  return { name, changes: () => changes, calls: () => calls, failures, ended: work() };
}
