/** Bookings, hosts and commands for the tests of `decide`, and what it said. */

import type { Booking, BookingState } from "../../services/booking/domain/booking.ts";
import type {
  Command,
  CreateCommand,
  HostState,
  Outcome,
  RescheduleCommand,
} from "../../services/booking/domain/command.ts";
import { decide } from "../../services/booking/domain/decide.ts";
import type { Interval } from "../../shared/interval.ts";
import { openCalendar } from "./calendars.ts";

export const NOW = 1_000_000;
export const HOUR = 3_600_000;
export const LIMITS = { perGuestAndHost: 3, perGuest: 5 };
export const host = "0190a000-0000-7000-8000-000000000001";
export const guest = "0190a000-0000-7000-8000-000000000002";
export const asked = { hostId: host, actor: "tester" };
export const calendar = openCalendar(7);

export type Phase = "before its start" | "after its start" | "after its end";
export const during: Record<Phase, Interval> = {
  "before its start": { start: NOW + HOUR, end: NOW + 2 * HOUR },
  "after its start": { start: NOW - HOUR, end: NOW + HOUR },
  "after its end": { start: NOW - 2 * HOUR, end: NOW - HOUR },
};

export function bookingOf(state: BookingState, phase: Phase, expireTime?: number): Booking {
  const held = state === "HELD" || state === "EXPIRED";
  const who = { id: "b1", hostId: host, guestId: guest };
  const place = { during: during[phase], occupied: during[phase], seat: 1 };
  const times = { ...(held ? { expireTime: expireTime ?? NOW + 1 } : {}), createTime: 1, updateTime: 2 };
  return { ...who, ...place, state, version: 3, sequence: 20, ...times, details: {} };
}

/** A booking at another time, without buffers. */
export function bookingAt(time: Interval, change: Partial<Booking> = {}): Booking {
  return { ...bookingOf("CONFIRMED", "before its start"), during: time, occupied: time, ...change };
}

export function create(change: Partial<CreateCommand> = {}): CreateCommand {
  const what = { kind: "create", bookingId: "b2", guestId: guest, during: during["before its start"] } as const;
  return { ...asked, ...what, details: {}, ignoresNotice: false, calendar, ...change };
}

/** Moves the booking `b1`. */
export function move(to: Interval, change: Partial<RescheduleCommand> = {}): RescheduleCommand {
  return { ...asked, kind: "reschedule", bookingId: "b1", during: to, ignoresNotice: false, calendar, ...change };
}

export function hostOf(...bookings: Booking[]): HostState {
  return {
    hostId: host,
    generation: 7,
    sequence: 40,
    forgottenTo: 0,
    bookings,
    requests: new Map(),
    inactive: new Map(),
    holds: new Map(),
    confirmedInRanges: new Map(),
    lastConfirmedEnd: undefined,
  };
}

export function only(state: HostState, command: Command): { outcome: Outcome; events: string[]; changed: number } {
  const decision = decide(state, [command], NOW, LIMITS);
  const outcome = decision.outcomes[0];
  if (outcome === undefined) throw new Error("no outcome");
  return { outcome, events: decision.events.map((event) => event.kind), changed: decision.changes.length };
}

export function said(outcome: Outcome): string {
  if (outcome.kind === "booked") return outcome.booking.state;
  return outcome.kind === "refused" ? outcome.refusal.reason : outcome.kind;
}

export const elsewhere = { start: NOW + 5 * HOUR, end: NOW + 6 * HOUR };
export const operations: Record<string, Command> = {
  confirm: { ...asked, kind: "confirm", bookingId: "b1" },
  cancel: { ...asked, kind: "cancel", bookingId: "b1" },
  reschedule: move(elsewhere),
  expire: { ...asked, kind: "expire", bookingId: "b1" },
};
