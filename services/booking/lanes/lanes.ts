/**
 * The one way to change a booking: `commit(command)`. Commands queue on the lane of their host; a lane runs one transaction
 * at a time over all that has queued meanwhile. Idle, that is a batch of one, at once; loaded, it is dozens of bookings
 * for one commit.
 */

import type { Meter } from "@opentelemetry/api";
import type { Pool } from "pg";
import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import { overloaded, Refusal } from "../../../shared/errors.ts";
import { hostLockKey } from "../../../shared/postgres/locks.ts";
import { noTelemetry } from "../../../shared/telemetry/telemetry.ts";
import { createTurns, type Turns } from "../../../shared/turns.ts";
import { recordWait } from "../../../shared/trace.ts";
import { type Command, type HoldLimits, isHold, type Outcome } from "../domain/command.ts";
import { openApart } from "./apart.ts";
import { openLane } from "./lane.ts";
import { laneMeasures } from "./measures.ts";
import { pend, type Pending } from "./pending.ts";

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

/** How long a hold waits for its guest's earlier ones while none of them ends, before it is refused with BUSY. */
const GUEST_STANDSTILL_MS = 5000;

/** How many connections the lanes need: one each, one for each host that is waited for, one to find out about a commit. */
export function connectionsOf(settings: LaneSettings): number {
  return settings.lanes + APART_WIDTH + 1;
}

export function openLanes(deps: {
  readonly pool: Pool;
  readonly log: Logger;
  readonly settings: LaneSettings;
  readonly holdLimits: HoldLimits;
  readonly onCommitted: (hostIds: readonly string[]) => void;
  readonly meter?: Meter;
}): Lanes {
  const { lanes: width, batchMax, queueMax } = deps.settings;
  const measures = laneMeasures(deps.meter ?? noTelemetry.meter);
  const runDeps = { ...deps, measures };
  const apart = openApart(runDeps, APART_WIDTH, batchMax, queueMax);
  const lanes = Array.from({ length: width }, () => openLane(runDeps, apart, batchMax, queueMax));
  measures.watch(() => ({
    queued: lanes.reduce((sum, lane) => sum + lane.queued(), 0),
    hostsApart: apart.hostCount(),
  }));

  const turns = createTurns({ waitingMax: queueMax, standstillMs: GUEST_STANDSTILL_MS });

  return {
    async commit(command, caller) {
      const pending = isHold(command)
        ? await inTurn(turns, command.guestId, caller, () => pend(command, caller))
        : pend(command, caller);
      const lane = lanes[Number(BigInt.asUintN(16, BigInt(hostLockKey(command.hostId)))) % width];
      lane?.add(pending);
      return await pending.answer;
    },
    async idle() {
      await Promise.all(lanes.map((lane) => lane.idle()));
      await apart.idle();
    },
  };
}

/**
 * Lets one hold of a guest after another into the lanes, so that each is decided when the one before is stored, whichever
 * its host. `HoldLimits.perGuest` is counted under no lock of its own: one that hosts in one batch share with a guest would
 * let that guest set their neighbours aside. So in one process the limit is exact, and of replicas each can be one hold
 * ahead of what the others see: a guest has at most one hold more for each replica after the first. With one host it is the
 * host's lock that counts.
 *
 * The turn ends with the answer of the *lane*: a caller that leaves does not pass it on while its hold may be committed.
 */
async function inTurn(turns: Turns, guestId: string, caller: Caller, start: () => Pending): Promise<Pending> {
  const turn = await recordWait(caller.trace, "turn wait", () => turns.take(guestId, caller.signal));
  if (turn === "standstill") throw guestBusy(guestId);
  if (turn === "full") throw overloaded();
  const pending = start();
  const release = (): void => {
    turn.moved();
    turn.release();
  };
  return {
    ...pending,
    resolve: (outcome) => (release(), pending.resolve(outcome)),
    reject: (error) => (release(), pending.reject(error)),
  };
}

function guestBusy(guestId: string): Refusal {
  return new Refusal("BUSY", "other holds of this guest are under way; nothing was changed, send the same call again", {
    resource: { type: "User", name: guestId },
    retryAfterMs: 200,
  });
}
