/** Writes to the pair, and their answers, as plain data: what the model and the services both understand. */

import { ConnectError } from "@connectrpc/connect";
import type { SetWeeklyHoursResponse } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { Booked, type WeeklyHours } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import type { Rules as RulesMessage } from "../../shared/gen/availability/v1/rules_pb.ts";
import type { Booking } from "../../shared/gen/booking/v1/booking_pb.ts";
import { ErrorInfoSchema, PreconditionFailureSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import type { Clients } from "../support/clients.ts";
import type { Hours } from "./hours.ts";
import { quartersOf, times } from "./quarters.ts";
import type { RuleName, RuleValues } from "./rules.ts";
import { type Details, seen, type SeenBooking } from "./seen-booking.ts";

/** All intervals are in quarters. An empty `requestId` or `etag` is none. */
export type Call =
  | {
      readonly method: "AddAvailability";
      readonly hostId: string;
      readonly during: Interval;
      readonly slotDurationMinutes: number;
      readonly requestId: string;
    }
  | {
      readonly method: "RemoveAvailability" | "RestoreWeeklyHours";
      readonly hostId: string;
      readonly during: Interval;
      readonly keepsBooked: boolean;
      readonly requestId: string;
    }
  | SetWeeklyHours
  | UpdateRules
  | {
      readonly method: "CreateBooking";
      readonly hostId: string;
      readonly guestId: string;
      readonly during: Interval;
      readonly holdSeconds: number;
      readonly details: Details;
      readonly ignoreNotice: boolean;
      readonly requestId: string;
    }
  | { readonly method: "ConfirmBooking"; readonly bookingId: string; readonly etag: string; readonly requestId: string }
  | {
      readonly method: "CancelBooking";
      readonly bookingId: string;
      readonly reason: string;
      readonly etag: string;
      readonly requestId: string;
    }
  | {
      readonly method: "RescheduleBooking";
      readonly bookingId: string;
      readonly during: Interval;
      readonly ignoreNotice: boolean;
      readonly etag: string;
      readonly requestId: string;
    };

/** An empty `fromDate` is none. */
export interface SetWeeklyHours extends Hours {
  readonly method: "SetWeeklyHours";
  readonly hostId: string;
  readonly slotDurationMinutes: number;
  readonly keepsBooked: boolean;
  readonly etag: string;
  readonly requestId: string;
}

/** Without a mask: those that are given. */
export interface UpdateRules {
  readonly method: "UpdateRules";
  readonly hostId: string;
  readonly given: Partial<RuleValues>;
  readonly mask: readonly RuleName[] | undefined;
  readonly etag: string;
  readonly requestId: string;
}

/** A booking whose time stays open. */
export interface KeptBooking {
  readonly id: string;
  readonly during: Interval;
}

export type Answer =
  | { readonly kind: "booking"; readonly booking: SeenBooking }
  /** The interval that holds what was added. */
  | { readonly kind: "added"; readonly interval: Interval }
  | {
      readonly kind: "removed";
      readonly removed: readonly Interval[];
      readonly remaining: readonly Interval[];
      readonly kept: readonly KeptBooking[];
    }
  | {
      readonly kind: "hours";
      readonly hours: Hours;
      readonly slotDurationMinutes: number;
      readonly etag: string;
      readonly kept: readonly KeptBooking[];
    }
  | { readonly kind: "rules"; readonly rules: RuleValues; readonly etag: string }
  | { readonly kind: "restored"; readonly exceptionCount: number; readonly kept: readonly KeptBooking[] }
  /** `bookingIds`: with AVAILABILITY_BOOKED, the bookings in the way. */
  | { readonly kind: "refused"; readonly reason: string; readonly bookingIds: readonly string[] };

/** Makes a call. Rejects if it fails without a reason of the contract. */
export async function send(clients: Clients, call: Call): Promise<Answer> {
  try {
    return await answered(clients, call);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const [info] = error.findDetails(ErrorInfoSchema);
    if (info === undefined) throw error;
    const violations = error.findDetails(PreconditionFailureSchema).flatMap((failure) => failure.violations);
    const bookingIds = violations.filter(({ type }) => type === "BOOKING").map(({ subject }) => subject);
    return { kind: "refused", reason: info.reason, bookingIds };
  }
}

async function answered({ availability, bookings }: Clients, call: Call): Promise<Answer> {
  switch (call.method) {
    case "AddAvailability": {
      const answer = await availability.addAvailability({ ...call, ...times(call.during) });
      return { kind: "added", interval: quartersOf(answer.availability ?? {}) };
    }
    case "RemoveAvailability": {
      const answer = await availability.removeAvailability({ ...call, ...times(call.during), ...bookedOf(call) });
      const [removed, remaining] = [answer.removed.map(quartersOf), answer.remaining.map(quartersOf)];
      return { kind: "removed", removed, remaining, kept: keptIn(answer) };
    }
    case "SetWeeklyHours": {
      const answer = await availability.setWeeklyHours({
        ...call,
        ranges: call.ranges.map((range) => ({ ...range })),
        ...bookedOf(call),
      });
      const { slotDurationMinutes, etag, weeklyHours } = answer;
      if (weeklyHours === undefined) throw new Error("an answer without its hours");
      return { kind: "hours", hours: hoursIn(weeklyHours), slotDurationMinutes, etag, kept: keptIn(answer) };
    }
    case "RestoreWeeklyHours": {
      const answer = await availability.restoreWeeklyHours({ ...call, ...times(call.during), ...bookedOf(call) });
      return { kind: "restored", exceptionCount: answer.exceptionCount, kept: keptIn(answer) };
    }
    case "UpdateRules": {
      const { hostId, given, mask, etag, requestId } = call;
      const masked = mask === undefined ? {} : { updateMask: { paths: mask.map(pathOf) } };
      const { rules } = await availability.updateRules({ hostId, ...given, ...masked, etag, requestId });
      if (rules === undefined) throw new Error("an answer without its rules");
      return { kind: "rules", ...rulesIn(rules) };
    }
    case "CreateBooking": {
      const { details, ...asked } = call;
      return booked(await bookings.createBooking({ ...asked, ...details, ...times(call.during) }));
    }
    case "ConfirmBooking":
      return booked(await bookings.confirmBooking(call));
    case "CancelBooking":
      return booked(await bookings.cancelBooking(call));
    case "RescheduleBooking":
      return booked(await bookings.rescheduleBooking({ ...call, ...times(call.during) }));
  }
}

function bookedOf({ keepsBooked }: { readonly keepsBooked: boolean }): { booked: Booked } {
  return { booked: keepsBooked ? Booked.KEEP : Booked.UNSPECIFIED };
}

function keptIn({ kept, keptCount }: Pick<SetWeeklyHoursResponse, "kept" | "keptCount">): KeptBooking[] {
  if (keptCount !== kept.length) throw new Error(`${keptCount} bookings were kept, and ${kept.length} are named`);
  return kept.map((each) => ({ id: each.bookingId, during: quartersOf(each) }));
}

/** A message of weekly hours as plain data. */
export function hoursIn({ fromDate, timeZone, ranges }: WeeklyHours): Hours {
  return { fromDate, timeZone, ranges: ranges.map(({ day, start, end }) => ({ day, start, end })) };
}

/** A message of rules as plain data. */
export function rulesIn(message: RulesMessage): { readonly rules: RuleValues; readonly etag: string } {
  const { slotDurationMinutes, minimumNoticeMinutes, horizonDays, seats, etag } = message;
  const { bufferBeforeMinutes, bufferAfterMinutes } = message;
  const buffers = { bufferBeforeMinutes, bufferAfterMinutes };
  return { rules: { slotDurationMinutes, minimumNoticeMinutes, horizonDays, ...buffers, seats }, etag };
}

/** As a mask names a rule. */
function pathOf(rule: RuleName): string {
  return rule.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function booked({ booking }: { readonly booking?: Booking | undefined }): Answer {
  if (booking === undefined) throw new Error("an answer without its booking");
  return { kind: "booking", booking: seen(booking) };
}
