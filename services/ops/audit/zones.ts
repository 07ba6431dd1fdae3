/** Compares how PostgreSQL reads the time zones in use with how open time is derived. */

import type { Client } from "pg";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { fromMillis, millis } from "../../../shared/postgres/range.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import type { Databases } from "./outside.ts";
import { offsetsIn, type OffsetsOf } from "./zone-data.ts";

export interface ZoneComparison {
  /** PostgreSQL has no function that tells the version of its zone data. This is the server's own. */
  readonly serverVersion: string;
  readonly zonesInUse: number;
  /** Zones that one of the two does not know, or that they read differently. */
  readonly odd: readonly OddZone[];
}

export type OddZone =
  | { readonly kind: "UNKNOWN_TO_NODE" | "UNKNOWN_TO_POSTGRES"; readonly timeZone: string }
  /** The first instant looked at for which the offsets differ, and both. */
  | {
      readonly kind: "DIFFERS";
      readonly timeZone: string;
      readonly at: Instant;
      readonly offsetMs: number;
      readonly postgresOffsetMs: number;
    };

/** Weekly hours go on for ever: compared is at least a year ahead. */
const AHEAD_MS = 366 * DAY_MS;

/**
 * Compares the zones of all weekly hours, from yesterday until the last booking ends, and a year ahead at least. Whoever reads
 * weekly hours with PostgreSQL, or with a program that has its zone data, sees other hours than the services in zones that differ.
 */
export async function compareZones(
  { availability, booking }: Databases,
  offsetsOf: OffsetsOf,
): Promise<ZoneComparison> {
  const span = await spanOfBookings(booking);
  const { rows: zones } = await availability.query<{ zone: string; is_known: boolean; version: string }>(
    // Names only: PostgreSQL would read any letters with a number behind them as a rule of its own making.
    `with known as materialized (select lower(name) as name from pg_timezone_names)
     select zone, lower(zone) in (select name from known) as is_known
     from (select distinct time_zone as zone from weekly_hours) as used order by zone`,
  );
  const { columns, unknownZones } = offsetsIn(
    span,
    zones.map(({ zone }) => zone),
    offsetsOf,
  );
  const known = new Set(zones.filter((row) => row.is_known).map(({ zone }) => zone));
  const { rows: differences } = await availability.query<{
    zone: string;
    at: number;
    offset: number;
    postgres_offset: number;
  }>(DIFFERENCES, [...columns, [...known]]);
  const { rows: server } = await availability.query<{ server_version: string }>("show server_version");
  return {
    serverVersion: server[0]?.server_version ?? "",
    zonesInUse: zones.length,
    odd: [
      ...unknownZones.map((timeZone) => ({ kind: "UNKNOWN_TO_NODE" as const, timeZone })),
      ...zones
        .filter(({ zone }) => !known.has(zone))
        .map(({ zone }) => ({ kind: "UNKNOWN_TO_POSTGRES" as const, timeZone: zone })),
      ...differences.map(({ zone, at, offset, postgres_offset: postgresOffsetMs }) => ({
        kind: "DIFFERS" as const,
        timeZone: zone,
        at,
        offsetMs: offset,
        postgresOffsetMs,
      })),
    ],
  };
}

async function spanOfBookings(booking: Client): Promise<Interval> {
  const { rows } = await booking.query<{ now: number; last: number | null }>(
    `select ${millis("clock_timestamp()")} as now, ${millis("max(upper(during))")} as last
     from bookings where state in ('HELD', 'CONFIRMED')`,
  );
  const { now = 0, last = null } = rows[0] ?? {};
  const today = Math.floor(now);
  return { start: today - DAY_MS, end: Math.max(today + AHEAD_MS, last ?? 0) };
}

/**
 * $1 to $4: offsets (zone, from, until, offset in milliseconds). $5: the zones to look at, which PostgreSQL knows. It is asked
 * at both ends of each offset and on every day in between, where only its own clocks might change.
 */
const DIFFERENCES = `
  select distinct on (zone) zone, at_ms::float8 as at, offset_ms as offset, postgres_ms as postgres_offset
  from unnest($1::text[], $2::float8[], $3::float8[], $4::float8[]) as told (zone, from_ms, until_ms, offset_ms)
  cross join lateral (
    select from_ms as at_ms union all select until_ms - 1
    union all select * from generate_series(from_ms::int8, until_ms::int8 - 1, ${DAY_MS})
  ) as instants
  cross join lateral (select ${fromMillis("at_ms")} as at) as timestamps
  cross join lateral (
    select (extract(epoch from (at at time zone zone) - (at at time zone 'UTC')) * 1000)::float8 as postgres_ms
  ) as postgres
  where zone = any($5::text[]) and postgres_ms <> offset_ms
  order by zone, at_ms`;

/** Lines for the operator. `nodeVersion` is that of Node's zone data. */
export function linesOf({ serverVersion, zonesInUse, odd }: ZoneComparison, nodeVersion: string): string[] {
  const alike = zonesInUse - new Set(odd.map(({ timeZone }) => timeZone)).size;
  return [
    `zone data: Node.js has version ${nodeVersion}, by which open time is derived; PostgreSQL ${serverVersion} does not ` +
      `tell which it has. Time zones in use: ${zonesInUse}, of which both read alike: ${alike}`,
    ...odd.map(lineOf),
  ];
}

function lineOf(odd: OddZone): string {
  switch (odd.kind) {
    case "UNKNOWN_TO_NODE":
      return `time zone ${odd.timeZone}: this Node.js does not know it, so hours in it cannot be derived`;
    case "UNKNOWN_TO_POSTGRES":
      return `time zone ${odd.timeZone}: PostgreSQL does not know it`;
    case "DIFFERS":
      return (
        `time zone ${odd.timeZone}: PostgreSQL reads it differently, at ${new Date(odd.at).toISOString()} as ` +
        `${offsetText(odd.postgresOffsetMs)} instead of ${offsetText(odd.offsetMs)}`
      );
  }
}

/** Such as +05:45 or -00:44:30. */
function offsetText(offsetMs: number): string {
  const time = new Date(Math.abs(offsetMs)).toISOString().slice(11, 19);
  return `${offsetMs < 0 ? "-" : "+"}${time.replace(/:00$/, "")}`;
}
