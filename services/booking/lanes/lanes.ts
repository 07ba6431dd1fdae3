/**
 * The one way to change a booking: `commit(command)`. Commands queue on the lane of their host; a lane runs one transaction
 * at a time over all that has queued meanwhile. Idle, that is a batch of one, at once; loaded, it is dozens of bookings
 * for one commit.
 */

import type { Pool } from "pg";
import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import { hostLockKey } from "../../../shared/postgres/locks.ts";
import type { Command, Outcome } from "../domain/command.ts";
import { openApart } from "./apart.ts";
import { openLane } from "./lane.ts";
import { pend } from "./pending.ts";

export interface LaneSettings {
  /** How many batches are under way at a time, each on a connection of its own. */
  readonly lanes: number;
  /** Commands per batch, fences aside. */
  readonly batchMax: number;
  /** Commands that wait on a lane, or for one locked host, before more are refused with OVERLOADED. */
  readonly queueMax: number;
}

export interface Lanes {
  /**
   * Carries out a command. Rejects with Refusal OVERLOADED, BUSY or OUTCOME_UNKNOWN, or with the signal's reason when the
   * caller has left; refusals that are decided come as an outcome.
   */
  commit(command: Command, caller: Caller): Promise<Outcome>;
  /** Resolves when all that was accepted is answered. */
  idle(): Promise<void>;
}

/** How many hosts whose lock is held elsewhere are waited for at a time. */
const APART_WIDTH = 4;

/** How many connections the lanes need: one each, one for each host that is waited for, one to find out about a commit. */
export function connectionsOf(settings: LaneSettings): number {
  return settings.lanes + APART_WIDTH + 1;
}

export function openLanes(deps: {
  readonly pool: Pool;
  readonly log: Logger;
  readonly settings: LaneSettings;
  readonly onCommitted: (hostIds: readonly string[]) => void;
}): Lanes {
  const { lanes: width, batchMax, queueMax } = deps.settings;
  const apart = openApart(deps, APART_WIDTH, batchMax, queueMax);
  const lanes = Array.from({ length: width }, () => openLane(deps, apart, batchMax, queueMax));

  return {
    commit(command, caller) {
      const pending = pend(command, caller);
      const lane = lanes[Number(BigInt.asUintN(16, BigInt(hostLockKey(command.hostId)))) % width];
      lane?.add(pending);
      return pending.answer;
    },
    async idle() {
      await Promise.all(lanes.map((lane) => lane.idle()));
      await apart.idle();
    },
  };
}
