/**
 * Records expired holds soon after their time. Nothing depends on it being on time: an overdue hold blocks nothing and
 * reads as EXPIRED already; this gives the feed its event.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { SYSTEM_ACTOR } from "../domain/booking.ts";
import { findOverdueHolds } from "../storage/bookings.ts";
import type { Lanes } from "./lanes.ts";

const SWEEP_EVERY_MS = 1_000;
const HOLDS_PER_SWEEP = 500;

/** Sweeps until `signal` aborts. */
export async function sweepHolds(pool: Pool, lanes: Lanes, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const swept = await sweepOnce(pool, lanes, signal);
      if (swept === HOLDS_PER_SWEEP) continue;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "could not record expired holds; trying again");
    }
    await pause(SWEEP_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Returns how many holds it found. */
async function sweepOnce(pool: Pool, lanes: Lanes, signal: AbortSignal): Promise<number> {
  const holds = await findOverdueHolds(pool, HOLDS_PER_SWEEP, signal);
  const caller = { signal, deadline: Infinity };
  const outcomes = await Promise.allSettled(
    holds.map(({ id, hostId }) => lanes.commit({ kind: "expire", hostId, bookingId: id, actor: SYSTEM_ACTOR }, caller)),
  );
  // A host that is busy now is swept next time; only if none could be recorded is something wrong.
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined && outcomes.every((outcome) => outcome.status === "rejected")) throw failed.reason;
  return holds.length;
}
