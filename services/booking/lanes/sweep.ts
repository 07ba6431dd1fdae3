/**
 * Records expired holds soon after their time. Nothing depends on it being on time: an overdue hold blocks nothing and
 * reads as EXPIRED already; this gives the feed its event.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { SYSTEM_ACTOR } from "../domain/booking.ts";
import { findOverdueHolds, type OverdueHold } from "../storage/bookings.ts";
import type { Lanes } from "./lanes.ts";

const SWEEP_EVERY_MS = 1_000;
const HOLDS_PER_PAGE = 500;

/** Once through all overdue holds, the longest overdue first, a page at a time. */
interface Round {
  /** The last hold of the page before; undefined before the first page, and after the last. */
  after: OverdueHold | undefined;
  /**
   * Hosts that could not be changed, because another transaction has locked them. For the rest of the round they are passed over: a
   * page costs the wait for such a host once, and however many holds it has, those of others behind them get their turn.
   */
  readonly stuck: Set<string>;
}

/** Sweeps until `signal` aborts. */
export async function sweepHolds(pool: Pool, lanes: Lanes, log: Logger, signal: AbortSignal): Promise<void> {
  let round: Round = { after: undefined, stuck: new Set() };
  while (!signal.aborted) {
    try {
      const isSmooth = await sweepPage(pool, lanes, round, signal);
      if (isSmooth && round.after !== undefined) continue;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, "could not record expired holds; trying again");
    }
    if (round.after === undefined) round = { after: undefined, stuck: new Set() };
    await pause(SWEEP_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Returns whether all went well. Throws if nothing did. */
async function sweepPage(pool: Pool, lanes: Lanes, round: Round, signal: AbortSignal): Promise<boolean> {
  const page = await findOverdueHolds(pool, HOLDS_PER_PAGE, round.after, { signal });
  round.after = page.length < HOLDS_PER_PAGE ? undefined : page.at(-1);
  const holds = page.filter((hold) => !round.stuck.has(hold.hostId));
  const caller = { signal, deadline: Infinity };
  const failures: unknown[] = [];
  const record = async ({ id, hostId }: OverdueHold): Promise<void> => {
    try {
      await lanes.commit({ kind: "expire", hostId, bookingId: id, actor: SYSTEM_ACTOR }, caller);
    } catch (error) {
      round.stuck.add(hostId);
      failures.push(error);
    }
  };
  await Promise.all(holds.map(record));
  // A host that is busy now is swept in the next round; only if none could be recorded is something wrong.
  if (failures.length > 0 && failures.length === holds.length) throw failures[0];
  return failures.length === 0;
}
