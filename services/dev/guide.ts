/** What `npm start` prints when all runs: what is where, and what to try. */

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { DevConfig } from "./config.ts";
import type { Sample } from "./sample.ts";

/** What runs, beside the ports of the settings. */
export interface Parts {
  readonly availabilityPid: number | undefined;
  readonly bookingPid: number | undefined;
  /** Connection string of Booking's database. */
  readonly database: string;
}

/** The guide, several lines. The slot in it is really free, if the host has any. */
export async function guide(config: DevConfig, sample: Sample, parts: Parts): Promise<string> {
  const host = config.LISTEN_HOST;
  const slot = await firstOpenSlot(`http://${host}:${config.BOOKING_CONNECT_PORT}`, sample.hostId);
  const service = "booking.v1.BookingService";
  const grpc = `${host}:${config.BOOKING_GRPC_PORT}`;
  const list = JSON.stringify({ hostId: sample.hostId });
  const create = JSON.stringify({ ...sample, ...slot });
  return `
  availability  process ${parts.availabilityPid}, gRPC ${host}:${config.AVAILABILITY_GRPC_PORT}, Connect http://${host}:${config.AVAILABILITY_CONNECT_PORT}
  booking       process ${parts.bookingPid}, gRPC ${grpc}, Connect http://${host}:${config.BOOKING_CONNECT_PORT}
  PostgreSQL    ${parts.database}

Three things to try: list open slots, book one, see what is booked.

  grpcurl -plaintext -d '${list}' ${grpc} ${service}/ListOpenSlots

  npx buf curl --protocol grpc --http2-prior-knowledge -d '${create}' http://${grpc}/${service}/CreateBooking

  curl -H 'Content-Type: application/json' -d '${list}' http://${host}:${config.BOOKING_CONNECT_PORT}/${service}/ListBookings

Ctrl-C stops all of it.
`;
}

async function firstOpenSlot(bookingUrl: string, hostId: string): Promise<{ startTime?: string; endTime?: string }> {
  const bookings = createClient(BookingService, createConnectTransport({ baseUrl: bookingUrl, httpVersion: "2" }));
  const slot = (await bookings.listOpenSlots({ hostId, pageSize: 1 })).slots[0];
  if (slot?.startTime === undefined || slot.endTime === undefined) return {};
  return { startTime: timestampDate(slot.startTime).toISOString(), endTime: timestampDate(slot.endTime).toISOString() };
}
