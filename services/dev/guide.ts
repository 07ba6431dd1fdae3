/** What `npm start` prints when all runs: what is where, and what to try. */

import { join, relative } from "node:path";
import { type DevConfig, project } from "./config.ts";
import { DATABASE_ENVIRONMENT, withoutPassword } from "./database-environment.ts";
import { gatewayAddress } from "./gateway.ts";
import type { OpenSlot, Sample } from "./sample.ts";

/** What runs, beside the ports of the settings. */
export interface Parts {
  readonly availabilityPid: number | undefined;
  readonly bookingPid: number | undefined;
  readonly gatewayPid: number | undefined;
  /** Connection string of Booking's database in the embedded PostgreSQL; undefined if that is elsewhere. */
  readonly database: string | undefined;
}

/** The guide, several lines. `slot` is undefined if the host has none that is free. */
export function guide(config: DevConfig, sample: Sample, slot: OpenSlot | undefined, parts: Parts): string {
  const host = config.LISTEN_HOST;
  const service = "booking.v1.BookingService";
  const grpc = `${host}:${config.BOOKING_GRPC_PORT}`;
  const { hostId, guestId } = sample;
  const list = JSON.stringify({ hostId });
  const create = JSON.stringify({ hostId, guestId, ...slot });
  const as = (who: string): string => `-H "Authorization: Bearer $(${config.READ_FILE} ${tokenFile(config, who)})"`;
  return `
  availability  process ${parts.availabilityPid}, gRPC ${host}:${config.AVAILABILITY_GRPC_PORT}, Connect http://${host}:${config.AVAILABILITY_CONNECT_PORT}
  booking       process ${parts.bookingPid}, gRPC ${grpc}, Connect http://${host}:${config.BOOKING_CONNECT_PORT}
  gateway       process ${parts.gatewayPid}, JSON ${gatewayAddress(config)}, documentation ${gatewayAddress(config)}/docs
  PostgreSQL    ${databaseLine(config, parts.database)}

Three things to try: list open slots and book one as the sample guest, see what is booked as the sample host.

  grpcurl -plaintext ${as("guest")} -d '${list}' ${grpc} ${service}/ListOpenSlots

  npx buf curl --protocol grpc --http2-prior-knowledge ${as("guest")} -d '${create}' http://${grpc}/${service}/CreateBooking

  curl ${as("host")} -H 'Content-Type: application/json' -d '${list}' http://${host}:${config.BOOKING_CONNECT_PORT}/${service}/ListBookings

Ctrl-C stops all of it.
`;
}

function databaseLine(config: DevConfig, url: string | undefined): string {
  if (url === undefined) return "as BOOKING_DATABASE_URL says";
  return `${withoutPassword(url)}, password in ${fileOf(config, DATABASE_ENVIRONMENT)}`;
}

function tokenFile(config: DevConfig, who: string): string {
  return fileOf(config, `${who}.token`);
}

/** As it is pasted in the project's folder. */
function fileOf(config: DevConfig, name: string): string {
  const path = join(config.DEV_FOLDER, name);
  const within = relative(project, path);
  return within.startsWith("..") ? path : within;
}
