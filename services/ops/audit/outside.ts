/** Finds bookings outside of their hosts' open time. */

import type { Client } from "pg";
import { DAY_MS } from "../../../shared/time-units.ts";
import { type ActiveBooking, stillThere } from "./bookings.ts";
import { MARGIN_DAYS, NOT_OPEN } from "./open-time.ts";
import type { Violation } from "./violation.ts";
import { offsetsIn, type OffsetsOf } from "./zone-data.ts";

export interface Databases {
  /** Not in a transaction, and the other one neither. */
  readonly availability: Client;
  readonly booking: Client;
}

export interface Outside {
  readonly violations: readonly Violation[];
  /** Zones without which the open time of some booking cannot be derived. */
  readonly unknownZones: readonly string[];
}

/**
 * Those of a batch that lie outside. The two databases cannot be read at one moment, and the services may be running. So a
 * booking is only named if it is found to be the same after availability was read as it was before: then it was active at
 * the very moment at which its time was not open, and no order of correct changes leads there.
 */
export async function outside(
  databases: Databases,
  batch: readonly ActiveBooking[],
  offsetsOf: OffsetsOf,
): Promise<Outside> {
  const unended = batch.filter((booking) => booking.isUnended);
  if (unended.length === 0) return { violations: [], unknownZones: [] };
  const { suspects, unknownZones } = await notOpen(databases.availability, unended, offsetsOf);
  const found = suspects.length === 0 ? [] : await stillThere(databases.booking, suspects);
  const violations = found.map(({ hostId, id }) => ({ kind: "OUTSIDE_AVAILABILITY" as const, hostId, bookingId: id }));
  return { violations, unknownZones };
}

async function notOpen(
  availability: Client,
  bookings: readonly ActiveBooking[],
  offsetsOf: OffsetsOf,
): Promise<{ suspects: ActiveBooking[]; unknownZones: string[] }> {
  const hostIds = bookings.map(({ hostId }) => hostId);
  const starts = bookings.map(({ start }) => start);
  const ends = bookings.map(({ end }) => end);
  const span = { start: Math.min(...starts) - MARGIN_DAYS * DAY_MS, end: Math.max(...ends) + MARGIN_DAYS * DAY_MS };
  // One moment for both statements: hours that are set between them would have no offsets.
  await availability.query("begin isolation level repeatable read read only");
  // The planner cannot guess how many rows these joins have, and for few it would compare each with each.
  await availability.query("set local enable_nestloop = off");
  const { rows: zones } = await availability.query<{ time_zone: string }>(
    "select distinct time_zone from weekly_hours where host_id = any($1::uuid[])",
    [hostIds],
  );
  const timeZones = zones.map((row) => row.time_zone);
  const { columns, unknownZones } = offsetsIn(span, timeZones, offsetsOf);
  const { rows } = await availability.query<{ index: number; unknown_zone: string | null }>(NOT_OPEN, [
    hostIds,
    starts,
    ends,
    ...columns,
    unknownZones,
  ]);
  await availability.query("commit");
  return {
    suspects: rows
      .filter((row) => row.unknown_zone === null)
      .map((row) => bookings[row.index])
      .filter((booking) => booking !== undefined),
    unknownZones: rows.map((row) => row.unknown_zone).filter((zone) => zone !== null),
  };
}
