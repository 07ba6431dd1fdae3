/** Users and availability as the contract's messages. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Entitled } from "../../../shared/auth/access.ts";
import type { AvailabilitySchema } from "../../../shared/gen/availability/v1/availability_pb.ts";
import type { RulesSchema } from "../../../shared/gen/availability/v1/rules_pb.ts";
import { Role, type UserSchema } from "../../../shared/gen/availability/v1/user_pb.ts";
import type { DayOfWeek } from "../../../shared/gen/google/type/dayofweek_pb.ts";
import type { KeptBookingSchema, WeeklyHoursSchema } from "../../../shared/gen/availability/v1/weekly_hours_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { KEPT_BOOKINGS_MAX } from "../../../shared/limits.ts";
import { timestamp } from "../../../shared/rpc/timestamp.ts";
import { userStateNumber } from "../../../shared/rpc/user-state.ts";
import type { Availability } from "../domain/availability.ts";
import type { Rules } from "../domain/rules.ts";
import type { User } from "../domain/user.ts";
import { etagOf } from "../domain/version.ts";
import type { Period } from "../domain/weekly-hours.ts";
import type { Booked } from "../scheduling/bookings-in.ts";

/** The roles that a user can have. */
export type KnownRole = typeof Role.HOST | typeof Role.USER;

export const roleNumber = { HOST: Role.HOST, USER: Role.USER } as const;

export function roleOf(role: KnownRole): User["role"] {
  return role === Role.HOST ? "HOST" : "USER";
}

/** As the caller may see a user that it may see at all. */
export function messageFor({ identity }: Entitled, user: User): MessageInitShape<typeof UserSchema> {
  // Booking has no use for anybody's address.
  const isWhole = identity.role === "ADMIN" || identity.subject === user.id;
  return isWhole ? userMessage(user) : reducedUserMessage(user);
}

/** For the user itself and ADMIN. */
export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { email = "", externalId = "" } = user.profile ?? {};
  return {
    ...reducedUserMessage(user),
    email,
    externalId,
    createTime: timestamp(user.createTime),
    etag: etagOf(user.version),
  };
}

/** What others may see of a user. */
function reducedUserMessage(user: User): MessageInitShape<typeof UserSchema> {
  return {
    id: user.id,
    displayName: user.profile?.displayName ?? "",
    role: roleNumber[user.role],
    state: userStateNumber[user.state],
  };
}

/** The fields of every message that is about a range of time. */
export function rangeFields({ start, end }: Interval): { startTime: Timestamp; endTime: Timestamp } {
  return { startTime: timestamp(start), endTime: timestamp(end) };
}

/** Fields of every response to a change that may keep the time of bookings. */
export function keptMessage({ bookings, count }: Booked): {
  kept: MessageInitShape<typeof KeptBookingSchema>[];
  keptCount: number;
} {
  const told = bookings.slice(0, KEPT_BOOKINGS_MAX);
  return { kept: told.map((each) => ({ bookingId: each.id, ...rangeFields(each) })), keptCount: count };
}

export function periodMessage({ fromDate, timeZone, ranges }: Period): MessageInitShape<typeof WeeklyHoursSchema> {
  const byTime = ranges.toSorted((a, b) => a.day - b.day || a.start - b.start);
  return {
    fromDate,
    timeZone,
    ranges: byTime.map(({ day, start, end }) => ({
      day: day as DayOfWeek,
      start: timeOfDay(start),
      end: timeOfDay(end),
    })),
  };
}

/** Minutes of the day as `09:30`. */
function timeOfDay(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

export function rulesMessage(hostId: string, rules: Rules, version: number): MessageInitShape<typeof RulesSchema> {
  return { hostId, ...rules, slotDurationMinutes: rules.slotDurationMinutes ?? 0, etag: etagOf(version) };
}

export function availabilityMessage(availability: Availability): MessageInitShape<typeof AvailabilitySchema> {
  return {
    hostId: availability.hostId,
    ...rangeFields(availability),
    slotDurationMinutes: availability.slotDurationMinutes,
  };
}
