/** A row of the table of wrong requests. */

import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Reason } from "../../../shared/errors.ts";
import type { Door } from "../doors.ts";
import type { Ending } from "../endings.ts";

/** What is stored before the table is sent. The host is open from 8 to 16 in slots of 30 minutes, also the day before yesterday. */
export interface Known {
  readonly hostId: string;
  readonly guestId: string;
  /** Booked from 8:00 to 8:30 by the guest. */
  readonly bookingId: string;
  /** Of that booking. */
  readonly externalId: string;
  readonly email: string;
  /** A page token that ListBookings gave out for this host with `page_size` 1. */
  readonly pageToken: string;
  /** A time of tomorrow in hours, such as 9.5. */
  readonly at: (hour: number) => Timestamp;
}

export interface BadRequest {
  readonly what: string;
  readonly service: "availability" | "booking";
  /** Who may make the call at all: an administrator, or only the other service. */
  readonly caller: "admin" | "peer";
  readonly send: (door: Door, known: Known) => Promise<Ending>;
  readonly reason: Reason;
  /** The bad fields, all of them. */
  readonly fields: readonly string[];
}

/** A UUID of nothing. */
export const NOBODY = "01900000-0000-7000-8000-000000000001";
export const NO_UUID = "01900000-0000-7000-8000";
export const YEAR_1 = { seconds: -62_135_596_800n, nanos: 0 };
export const YEAR_9999 = { seconds: 253_402_300_799n, nanos: 0 };
export const INT32_MAX = 2 ** 31 - 1;

const FOR_PEERS = new Set(["SnapshotAvailability", "FenceHost", "FenceUser", "HasGuest", "ResolveSubject"]);

/** A nanosecond past a whole second. */
export const finer = { seconds: 1_900_000_000n, nanos: 1 };

/** Fields of an interval of the host, in hours of tomorrow. */
export const from = ({ hostId, at }: Known, start: number, end: number) => ({
  hostId,
  startTime: at(start),
  endTime: at(end),
});

/** A request that is refused for `reason`, with exactly `fields` named. `what` is wrong with it. */
export function bad<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  what: string,
  request: (known: Known) => MessageInitShape<I>,
  reason: Reason,
  ...fields: string[]
): BadRequest {
  return {
    what: `${method.name}: ${what}`,
    service: method.parent.file.proto.package === "booking.v1" ? "booking" : "availability",
    caller: FOR_PEERS.has(method.name) ? "peer" : "admin",
    send: (door, known) => door(method, request(known)),
    reason,
    fields,
  };
}
