/** The lanes of one or more replicas of Booking over one database, without anything around them. */

import { randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import type {
  Command,
  CreateCommand,
  HoldLimits,
  Outcome,
  RescheduleCommand,
} from "../../services/booking/domain/command.ts";
import { connectionsOf, type Lanes, type LaneSettings, openLanes } from "../../services/booking/lanes/lanes.ts";
import { openLanePool } from "../../services/booking/storage/lane-pool.ts";
import type { Caller } from "../../shared/caller.ts";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { openCalendar } from "./calendars.ts";
import { testLog } from "./logs.ts";
import { newBookingId } from "./booking-ids.ts";
import { poolOf } from "./pool.ts";
import { createDatabase } from "./postgres.ts";

export interface LanesUnderTest {
  readonly replicas: readonly Lanes[];
  /** The database, around the lanes. */
  readonly pool: Pool;
  /** How many transactions there have been. */
  transactions(): number;
  commit(command: Command, replica?: number, caller?: Caller): Promise<Outcome>;
  stop(): Promise<void>;
}

export const patient: Caller = { signal: new AbortController().signal, deadline: Infinity };

/** `urlOf` may put something between the lanes and their database. */
export async function startLanes(
  count = 1,
  settings: Partial<LaneSettings> & { readonly holdLimits?: HoldLimits } = {},
  urlOf: (url: string) => string | Promise<string> = (url) => url,
): Promise<LanesUnderTest> {
  const database = await createDatabase("booking");
  const pool = poolOf(database.url);
  const log = testLog("lanes");
  const { holdLimits = { perGuestAndHost: 5, perGuest: 20 }, ...rest } = settings;
  const full = { lanes: 2, batchMax: 256, queueMax: 4096, ...rest };
  const url = await urlOf(database.url);
  const pools = Array.from({ length: count }, () => openLanePool(url, connectionsOf(full), log));
  const replicas = pools.map((each) =>
    openLanes({ pool: each, log, settings: full, holdLimits, onCommitted: () => undefined }),
  );
  let transactions = 0;
  for (const each of pools) each.on("acquire", () => (transactions += 1));
  return {
    replicas,
    pool,
    transactions: () => transactions,
    commit: (command, replica = 0, caller = patient) => replicas[replica % count]!.commit(command, caller),
    async stop() {
      await Promise.all(replicas.map((lanes) => lanes.idle()));
      await Promise.all([...pools, pool].map((each) => each.end()));
      await database.drop();
    },
  };
}

/** A whole hour of a day far ahead. */
export function hourOf(hour: number, length = 1): Interval {
  const day = Date.UTC(2150, 0, 1);
  return { start: day + hour * HOUR_MS, end: day + (hour + length) * HOUR_MS };
}

/** A create for a host that is always open, of generation 0. */
export function createCommand(hostId: string, during: Interval, change: Partial<CreateCommand> = {}): CreateCommand {
  return {
    kind: "create",
    hostId,
    actor: "tester",
    bookingId: newBookingId(hostId),
    guestId: randomUUIDv7(),
    during,
    details: {},
    ignoresNotice: false,
    calendar: openCalendar(0),
    ...change,
  };
}

/** Moves a booking of a host that is always open, of generation 0. */
export function moveCommand(
  { hostId, bookingId }: Pick<CreateCommand, "hostId" | "bookingId">,
  during: Interval,
  change: Partial<RescheduleCommand> = {},
): RescheduleCommand {
  const terms = { ignoresNotice: false, calendar: openCalendar(0) };
  return { kind: "reschedule", hostId, actor: "tester", bookingId, during, ...terms, ...change };
}

/** The state of the booking that a command ended with, or the reason why there is none. */
export async function saidOf(outcome: Promise<Outcome>): Promise<string> {
  try {
    const settled = await outcome;
    if (settled.kind === "booked") return settled.booking.state;
    return settled.kind === "refused" ? settled.refusal.reason : settled.kind;
  } catch (error) {
    const reason: unknown = error instanceof Error && "reason" in error ? error.reason : undefined;
    return typeof reason === "string" ? reason : String(error);
  }
}

/** How often each answer was given. */
export function tally(answers: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(answers, (answer) => answer)].map(([answer, all]) => [answer, all.length]));
}

/** Pairs of active bookings of one host that are in one seat at a time: there must be none, ever. */
export async function overlapsIn(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `select from bookings a join bookings b on a.host_id = b.host_id and a.id < b.id and a.seat = b.seat and a.occupied && b.occupied
     where a.state in ('HELD', 'CONFIRMED') and b.state in ('HELD', 'CONFIRMED')`,
  );
  return rowCount ?? 0;
}
