import { z } from "zod";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FencedBookingSchema, FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import { merge } from "../../../shared/interval.ts";
import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import {
  always,
  list,
  maxBookings,
  optionalInstant,
  optionalUuid,
  parse,
  uuid,
  withInterval,
} from "../../../shared/rpc/request/parse.ts";
import { timestamp } from "../../../shared/rpc/timestamp.ts";
import type { FencedBooking } from "../domain/command.ts";
import type { BookingDeps } from "./deps.ts";

const ranges = list(withInterval({}), FENCED_RANGES_MAX);
const schema = z
  .object({
    hostId: uuid,
    ranges,
    findLastBooking: z.boolean(),
    maxBookings,
    afterStartTime: optionalInstant,
    afterBookingId: optionalUuid,
  })
  // Half a position would list from the beginning, and whoever pages would do so for ever.
  .refine(({ afterStartTime, afterBookingId }) => afterStartTime !== undefined || afterBookingId === undefined, {
    path: ["afterStartTime"],
    message: "is required beside after_booking_id",
    when: always,
  })
  .refine(({ afterStartTime, afterBookingId }) => afterStartTime === undefined || afterBookingId !== undefined, {
    path: ["afterBookingId"],
    message: "is required beside after_start_time",
    when: always,
  });

export function fenceHost(deps: BookingDeps): UnaryHandler<typeof FenceService.method.fenceHost> {
  return async (message, call) => {
    const { hostId, afterStartTime: start, afterBookingId: id, ...asked } = parse(schema, message);
    const after = start === undefined || id === undefined ? undefined : { start, id };
    const fence = { ...asked, after, ranges: merge(asked.ranges.map((range) => range.during)) };
    const outcome = await deps.lanes.commit({ kind: "fence", hostId, actor: call.actor, ...fence }, call);
    deps.calendars.forget(hostId);
    if (outcome.kind !== "fenced") throw new Error(`a fence cannot end as ${outcome.kind}`);
    const { generation, bookings, bookingCount, lastBookingEnd } = outcome.fenced;
    return {
      generation: BigInt(generation),
      bookings: bookings.map(fencedBookingMessage),
      bookingCount,
      ...(lastBookingEnd === undefined ? {} : { lastBookingEndTime: timestamp(lastBookingEnd) }),
    };
  };
}

function fencedBookingMessage({ id, start, end }: FencedBooking): MessageInitShape<typeof FencedBookingSchema> {
  return { bookingId: id, startTime: timestamp(start), endTime: timestamp(end) };
}
