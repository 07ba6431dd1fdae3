/** What differs from machine to machine in the commands of README.md and docs/: addresses, ids and times, as shell variables. */

import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DevConfig } from "./config.ts";
import { gatewayAddress } from "./gateway.ts";
import type { OpenSlot, Sample } from "./sample.ts";

/** Writes `sample.env` into the folder of `npm start`. Without slots that are free it has no times. */
export async function writeSampleEnvironment(
  config: DevConfig,
  sample: Sample,
  [slot, next]: readonly OpenSlot[],
): Promise<void> {
  const { DEV_FOLDER: folder, LISTEN_HOST: host } = config;
  const variables = {
    AVAILABILITY_GRPC: `${host}:${config.AVAILABILITY_GRPC_PORT}`,
    AVAILABILITY_CONNECT: `http://${host}:${config.AVAILABILITY_CONNECT_PORT}`,
    BOOKING_GRPC: `${host}:${config.BOOKING_GRPC_PORT}`,
    BOOKING_CONNECT: `http://${host}:${config.BOOKING_CONNECT_PORT}`,
    GATEWAY: gatewayAddress(config),
    HOST_ID: sample.hostId,
    GUEST_ID: sample.guestId,
    ...(slot === undefined ? {} : { START_TIME: slot.startTime, END_TIME: slot.endTime }),
    ...(next === undefined ? {} : { NEXT_START_TIME: next.startTime, NEXT_END_TIME: next.endTime }),
    // New at every start: with that of the last one, a create would be answered with the booking of that time.
    REQUEST_ID: randomUUID(),
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "sample.env"), lines.join(""));
}
