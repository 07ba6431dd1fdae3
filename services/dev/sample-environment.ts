/** The ids and times of the sample as shell variables, for the commands of README.md: they differ on every machine. */

import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OpenSlot, Sample } from "./sample.ts";

/** Writes `sample.env` into `folder`. Without a slot that is free it has no times. */
export async function writeSampleEnvironment(
  folder: string,
  sample: Sample,
  slot: OpenSlot | undefined,
): Promise<void> {
  const variables = {
    HOST_ID: sample.hostId,
    GUEST_ID: sample.guestId,
    ...(slot === undefined ? {} : { START_TIME: slot.startTime, END_TIME: slot.endTime }),
    // New at every start: with that of the last one, a create would be answered with the booking of that time.
    REQUEST_ID: randomUUID(),
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "sample.env"), lines.join(""));
}
