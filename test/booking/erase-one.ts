/** Everything that is done with a guest who is erased, for the tests of plans. */

import type { Pool } from "pg";
import { expect } from "vitest";
import type { Lanes } from "../../services/booking/lanes/lanes.ts";
import { fenceUser } from "../../services/booking/scheduling/fence-user.ts";
import { hasGuest } from "../../services/booking/storage/users.ts";
import { patient } from "../support/lanes.ts";
import { testLog } from "../support/logs.ts";

/** The guest's events say something then, and its requests too. */
export async function eraseOne(pool: Pool, lanes: Lanes, hostId: string, guestId: string): Promise<void> {
  await pool.query("update booking_events set note = 'ring twice' where host_id = $1 and guest_id = $2", [
    hostId,
    guestId,
  ]);
  await pool.query("update requests set guest_id = $2 where host_id = $1", [hostId, guestId]);
  const ask = (): Promise<boolean> => hasGuest(pool, hostId, guestId, patient);
  expect(await ask()).toBe(true);
  for (let version = 2; version < 9; version += 1) {
    const { isComplete } = await fenceUser(
      { pool, lanes, log: testLog("erasure") },
      { id: guestId, state: "ERASED", version },
      patient,
    );
    expect(isComplete).toBe(true);
  }
  expect(await ask()).toBe(true);
}
