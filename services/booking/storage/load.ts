/** What the commands of a batch need to know, read under the locks of their hosts. */

import type { PoolClient, QueryResult } from "pg";
import type { Interval } from "../../../shared/interval.ts";
import { CONFLICTING_BOOKINGS_MAX } from "../../../shared/limits.ts";
import { millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import type { Booking } from "../domain/booking.ts";
import type { Command, ConfirmedInRanges, FenceCommand, HostState, RememberedRequest } from "../domain/command.ts";
import { BATCH_NOW, type Sent } from "./begin.ts";
import { bookingFromRow, type BookingRow, storedColumns } from "./rows.ts";

/** Sends the queries that the commands need, and only those; `finish` puts their results together by host. */
export function sendLoad(client: PoolClient, hostIds: readonly string[], commands: readonly Command[]): Load {
  const fences = commands.filter((command) => command.kind === "fence");
  const requests = commands.filter((command) => command.request !== undefined);
  const candidates = commands.filter((command) => command.kind === "create" || command.kind === "reschedule");
  const named = commands.filter((command) => command.kind !== "create" && command.kind !== "fence");
  const ranges = fences.filter((fence) => fence.ranges.length > 0);
  return {
    fences,
    hosts: queryHosts(client, hostIds),
    requests: requests.length === 0 ? undefined : queryRequests(client, requests),
    bookings: [
      ...(candidates.length === 0 ? [] : [queryOverlapping(client, candidates)]),
      ...(named.length === 0 ? [] : [queryNamed(client, named)]),
      ...(ranges.length === 0 ? [] : [queryHoldsInRanges(client, ranges)]),
    ],
    confirmed: ranges.length === 0 ? undefined : queryConfirmedInRanges(client, fences),
  };
}

/** Queries on their way. */
export interface Load {
  readonly fences: readonly FenceCommand[];
  readonly hosts: Sent;
  readonly requests: Sent | undefined;
  readonly bookings: readonly Sent[];
  readonly confirmed: Sent | undefined;
}

/** Everything that was sent, so that nothing is left unawaited when one of it fails. */
export function sentOf(load: Load): Sent[] {
  return [load.hosts, load.requests, ...load.bookings, load.confirmed].filter((sent) => sent !== undefined);
}

/** The state of each host. A host without a row has changed nothing yet: generation and sequence 0. */
export async function finishLoad(load: Load, hostIds: readonly string[]): Promise<Map<string, HostState>> {
  const hosts = rowsOf<HostRow>(await load.hosts);
  const requests = rowsOf<RequestRow>(await load.requests);
  const bookings = (await Promise.all(load.bookings)).flatMap((result) => rowsOf<BookingRow>(result));
  const confirmed = confirmedByFence(load.fences, rowsOf<ConfirmedRow>(await load.confirmed));

  const fenceOf = new Map(hosts.map((row) => [row.host_id, row]));
  const bookingsOf = Map.groupBy(bookings, (row) => row.host_id);
  const requestsOf = Map.groupBy(requests, (row) => row.host_id);
  return new Map(
    hostIds.map((hostId) => [
      hostId,
      {
        hostId,
        generation: fenceOf.get(hostId)?.generation ?? 0,
        sequence: fenceOf.get(hostId)?.sequence ?? 0,
        bookings: (bookingsOf.get(hostId) ?? []).map(bookingFromRow),
        requests: new Map((requestsOf.get(hostId) ?? []).map((row) => [row.request_id, rememberedFrom(row)])),
        confirmedInRanges: confirmed,
      },
    ]),
  );
}

/**
 * Ends a lateral subquery that must be looked up for each row before it. PostgreSQL may not dissolve a subquery with an
 * OFFSET into a join. As a join it looks cheap, to statistics from when the table was small, to read the whole table
 * once and compare it with every row: 90 ms for 30 creates on 7,000 bookings.
 */
const ONE_BY_ONE = "offset 0";

interface HostRow {
  readonly host_id: string;
  readonly generation: number;
  readonly sequence: number;
}

function queryHosts(client: PoolClient, hostIds: readonly string[]): Sent {
  return client.query({
    name: "load-hosts",
    text: `select host_id, generation::float8 as generation, sequence::float8 as sequence
           from host_fences where host_id = any($1::uuid[])`,
    values: [hostIds],
  });
}

interface RequestRow {
  readonly host_id: string;
  readonly request_id: string;
  readonly method: string;
  readonly content_hash: string;
  readonly answer: Booking;
}

function queryRequests(client: PoolClient, commands: readonly Command[]): Sent {
  return client.query({
    name: "load-requests",
    text: `select r.host_id, r.request_id, r.method, encode(r.content_hash, 'hex') as content_hash, r.answer
           from unnest($1::uuid[], $2::uuid[]) as asked(host_id, request_id)
           cross join lateral (
             select * from requests where host_id = asked.host_id and request_id = asked.request_id ${ONE_BY_ONE}
           ) r`,
    values: [commands.map((command) => command.hostId), commands.map((command) => command.request?.id)],
  });
}

function rememberedFrom(row: RequestRow): RememberedRequest {
  return { method: row.method, contentHash: row.content_hash, answer: row.answer };
}

/** The bookings that the constraint counts and that a candidate overlaps. */
function queryOverlapping(
  client: PoolClient,
  candidates: readonly { readonly hostId: string; readonly during: Interval }[],
): Sent {
  return client.query({
    name: "load-overlapping",
    text: `select distinct on (b.id) b.id, ${storedColumns}
           from unnest($1::uuid[], $2::float8[], $3::float8[]) as candidate(host_id, start_ms, end_ms)
           cross join lateral (
             select * from bookings
             where host_id = candidate.host_id and state in ('HELD', 'CONFIRMED')
               and during && ${rangeFromMillis("candidate.start_ms", "candidate.end_ms")} ${ONE_BY_ONE}
           ) b`,
    values: [
      candidates.map((candidate) => candidate.hostId),
      candidates.map((candidate) => candidate.during.start),
      candidates.map((candidate) => candidate.during.end),
    ],
  });
}

function queryNamed(client: PoolClient, commands: readonly { readonly bookingId: string }[]): Sent {
  return client.query({
    name: "load-named",
    text: `select b.id, ${storedColumns} from bookings b where b.id = any($1::uuid[])`,
    values: [commands.map((command) => command.bookingId)],
  });
}

function queryHoldsInRanges(client: PoolClient, fences: readonly FenceCommand[]): Sent {
  return client.query({
    name: "load-holds-in-ranges",
    text: `select b.id, ${storedColumns}
           from unnest($1::uuid[], $2::tstzmultirange[]) as fence(host_id, ranges)
           cross join lateral (
             select * from bookings where host_id = fence.host_id and state = 'HELD' and during && fence.ranges ${ONE_BY_ONE}
           ) b`,
    values: [fences.map((fence) => fence.hostId), fences.map(multirange)],
  });
}

interface ConfirmedRow {
  /** Index of the fence, from 1. */
  readonly ordinal: number;
  readonly id: string;
  readonly start_ms: number;
  readonly total: number;
}

function queryConfirmedInRanges(client: PoolClient, fences: readonly FenceCommand[]): Sent {
  return client.query({
    name: "load-confirmed-in-ranges",
    text: `select fence.ordinal::float8 as ordinal, found.id, found.start_ms, found.total
           from unnest($1::uuid[], $2::tstzmultirange[]) with ordinality as fence(host_id, ranges, ordinal)
           cross join lateral (
             select b.id, ${millis("lower(b.during)")} as start_ms, (count(*) over ())::float8 as total
             from bookings b
             where b.host_id = fence.host_id and b.state = 'CONFIRMED' and b.during && fence.ranges
               and upper(b.during) > ${BATCH_NOW}
             order by lower(b.during), b.id
             limit ${CONFLICTING_BOOKINGS_MAX}
           ) found`,
    values: [fences.map((fence) => fence.hostId), fences.map(multirange)],
  });
}

function confirmedByFence(
  fences: readonly FenceCommand[],
  rows: readonly ConfirmedRow[],
): Map<FenceCommand, ConfirmedInRanges> {
  const byOrdinal = Map.groupBy(rows, (row) => row.ordinal);
  return new Map(
    fences.map((fence, index) => {
      const found = byOrdinal.get(index + 1) ?? [];
      return [fence, { first: found.map((row) => ({ id: row.id, start: row.start_ms })), count: found[0]?.total ?? 0 }];
    }),
  );
}

/** The text form of a tstzmultirange. */
function multirange(fence: FenceCommand): string {
  const iso = (instant: number): string => `"${new Date(instant).toISOString()}"`;
  return `{${fence.ranges.map((range) => `[${iso(range.start)},${iso(range.end)})`).join(",")}}`;
}

function rowsOf<Row>(result: QueryResult | undefined): Row[] {
  const rows: unknown[] = result?.rows ?? [];
  return rows as Row[];
}
