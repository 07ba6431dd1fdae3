/** Encoded requests, as they go over the wire. */

import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  CreateBookingRequestSchema,
  ListOpenSlotsRequestSchema,
} from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Instant } from "../../shared/interval.ts";
import { DAY_MS } from "../../shared/time-units.ts";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import type { Protocol } from "./http2-calls.ts";
import { type Call, OPEN_DAYS } from "./slots.ts";

export const CREATE_PATH = "/booking.v1.BookingService/CreateBooking";
export const LIST_PATH = "/booking.v1.BookingService/ListOpenSlots";
export const ECHO_PATH = "/grpc.health.v1.Health/Check";

/** Every call has a `request_id` of its own. */
export function createMessage(call: Call, protocol: Protocol): Uint8Array {
  const { hostId, guestId, during } = call;
  const request = create(CreateBookingRequestSchema, {
    hostId,
    guestId,
    startTime: timestampFromMs(during.start),
    endTime: timestampFromMs(during.end),
    requestId: randomUUID(),
  });
  return framed(toBinary(CreateBookingRequestSchema, request), protocol);
}

/** The first page, as long as a page may be. */
export function listMessage(hostId: string, day: Instant): Uint8Array {
  const request = create(ListOpenSlotsRequestSchema, {
    hostId,
    startTime: timestampFromMs(day),
    endTime: timestampFromMs(day + OPEN_DAYS * DAY_MS),
    pageSize: PAGE_SIZE_MAX,
  });
  return framed(toBinary(ListOpenSlotsRequestSchema, request), "grpc");
}

/** The health of the whole service: an empty message. */
export function echoMessage(protocol: Protocol): Uint8Array {
  return framed(new Uint8Array(), protocol);
}

/** gRPC puts five bytes before a message: uncompressed, and its length. */
function framed(message: Uint8Array, protocol: Protocol): Uint8Array {
  if (protocol === "connect") return message;
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
