/** What fences need to know of their hosts' bookings, read behind the locks. */

import { BOOKING_MAX_MS } from "../../../shared/limits.ts";
import { fromMillis, millis } from "../../../shared/postgres/range.ts";
import type { Statement } from "../../../shared/postgres/round-trip.ts";
import type { ConfirmedInRanges, FenceCommand } from "../domain/command.ts";
import { BATCH_NOW } from "./batch-now.ts";
import { ONE_BY_ONE } from "./one-by-one.ts";
import { storedColumns } from "./rows.ts";

/**
 * The ranges of a fence as far back as a booking in them may not have ended yet, or a host that gives up all of its time
 * would have all of its past read. The index is by occupied time, so bookings are looked for by that, which holds their time.
 */
const LIVE_RANGES = `(fence.ranges * tstzmultirange(tstzrange(${BATCH_NOW} - interval '${BOOKING_MAX_MS} ms', null)))`;

/**
 * The holds that fences may report, overdue ones too. Where a fence looks for the host's last booking, those are all that may
 * not have ended.
 */
export function holdsOfFences(fences: readonly FenceCommand[]): Statement {
  return {
    name: "load-holds-of-fences",
    text: `select b.id, ${storedColumns}
           from unnest($1::uuid[], $2::tstzmultirange[]) as fence(host_id, ranges)
           cross join lateral (
             select * from bookings where host_id = fence.host_id and state = 'HELD'
               and occupied && ${LIVE_RANGES} and during && ${LIVE_RANGES} ${ONE_BY_ONE}
           ) b`,
    values: [
      fences.map((fence) => fence.hostId),
      fences.map((fence) => (fence.findLastBooking ? ALL_TIME : multirange(fence))),
    ],
  };
}

export interface ConfirmedRow {
  /** Index of the fence, from 1. */
  readonly ordinal: number;
  readonly id: string;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly total: number;
}

/** What is the same for all bookings of a fence is worked out once for it, and not for each: a fence may be told of very many. */
export function confirmedInRanges(fences: readonly FenceCommand[]): Statement {
  return {
    name: "load-confirmed-in-ranges",
    text: `select fence.ordinal::float8 as ordinal, found.id, found.start_ms, found.end_ms, found.total
           from (
             select *, ${LIVE_RANGES} as live, ${BATCH_NOW} as now
             from unnest($1::uuid[], $2::tstzmultirange[], $3::int[], $4::float8[], $5::uuid[]) with ordinality
               as fence(host_id, ranges, max_bookings, after_ms, after_id, ordinal) ${ONE_BY_ONE}
           ) as fence
           cross join lateral (
             select b.id, ${millis("lower(b.during)")} as start_ms, ${millis("upper(b.during)")} as end_ms,
                    (count(*) over ())::float8 as total
             from bookings b
             where b.host_id = fence.host_id and b.state = 'CONFIRMED'
               and b.occupied && fence.live and b.during && fence.live and upper(b.during) > fence.now
               and (fence.after_id is null or (lower(b.during), b.id) > (${fromMillis("fence.after_ms")}, fence.after_id))
             order by lower(b.during), b.id
             limit fence.max_bookings
           ) found`,
    values: [
      fences.map((fence) => fence.hostId),
      fences.map(multirange),
      fences.map((fence) => fence.maxBookings),
      fences.map((fence) => fence.after?.start),
      fences.map((fence) => fence.after?.id),
    ],
  };
}

export function confirmedByFence(
  fences: readonly FenceCommand[],
  rows: readonly ConfirmedRow[],
): Map<FenceCommand, ConfirmedInRanges> {
  const byOrdinal = Map.groupBy(rows, (row) => row.ordinal);
  return new Map(
    fences.map((fence, index) => {
      const found = byOrdinal.get(index + 1) ?? [];
      const first = found.map((row) => ({ id: row.id, start: row.start_ms, end: row.end_ms }));
      return [fence, { first, count: found[0]?.total ?? 0 }];
    }),
  );
}

export interface LastEndRow {
  readonly host_id: string;
  readonly last_end_ms: number | null;
}

/**
 * When the hosts' last confirmed bookings end, of those that have not ended. The index of `bookings_no_overlap` has these and
 * the unended holds together, and neither what is over nor what was cancelled, however much of that a host has. By start,
 * backwards, the last one would be found at once, but behind all that was cancelled after it.
 *
 * All time comes as a parameter: of a range that PostgreSQL does not know while it plans, it expects few rows, and takes that
 * index. It does know `tstzrange(now, null)`, finds most of the table in it, and would read all that the host ever had.
 */
export function lastConfirmedEnds(fences: readonly FenceCommand[]): Statement {
  return {
    name: "load-last-confirmed-ends",
    text: `select fence.host_id, (
             select ${millis("max(upper(b.during))")} from bookings b
             where b.host_id = fence.host_id and b.state = 'CONFIRMED' and b.occupied && ${LIVE_RANGES}
               and upper(b.during) > ${BATCH_NOW}
           ) as last_end_ms
           from unnest($1::uuid[], $2::tstzmultirange[]) as fence(host_id, ranges)`,
    values: [fences.map((fence) => fence.hostId), fences.map(() => ALL_TIME)],
  };
}

/** The text form of a tstzmultirange. */
const ALL_TIME = "{(,)}";

function multirange(fence: FenceCommand): string {
  const iso = (instant: number): string => `"${new Date(instant).toISOString()}"`;
  return `{${fence.ranges.map((range) => `[${iso(range.start)},${iso(range.end)})`).join(",")}}`;
}
