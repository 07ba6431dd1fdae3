/** Users and availability as the contract's messages. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AvailabilitySchema, TimeRangeSchema } from "../../../shared/gen/availability/v1/availability_pb.ts";
import type { OpenIntervalSchema } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { Role, type UserSchema } from "../../../shared/gen/availability/v1/user_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { timestamp } from "../../../shared/rpc/timestamp.ts";
import type { Availability } from "../domain/availability.ts";
import type { OpenInterval } from "../storage/snapshot.ts";
import type { User } from "../storage/users.ts";

/** The roles that a user can have. */
export type KnownRole = typeof Role.HOST | typeof Role.USER;

const roleNumber = { HOST: Role.HOST, USER: Role.USER } as const;

export function roleOf(role: KnownRole): User["role"] {
  return role === Role.HOST ? "HOST" : "USER";
}

export function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  return {
    id: user.id,
    email: user.email,
    displayName: user.displayName,
    role: roleNumber[user.role],
    createTime: timestamp(user.createTime),
  };
}

export function rangeMessage({ start, end }: Interval): MessageInitShape<typeof TimeRangeSchema> {
  return { startTime: timestamp(start), endTime: timestamp(end) };
}

export function openIntervalMessage({ start, end, origin }: OpenInterval): MessageInitShape<typeof OpenIntervalSchema> {
  return { startTime: timestamp(start), endTime: timestamp(end), gridOriginTime: timestamp(origin) };
}

export function availabilityMessage(availability: Availability): MessageInitShape<typeof AvailabilitySchema> {
  return {
    id: availability.id,
    hostId: availability.hostId,
    startTime: timestamp(availability.start),
    endTime: timestamp(availability.end),
    slotDurationMinutes: availability.slotDurationMinutes,
  };
}
