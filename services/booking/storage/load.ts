/** What the commands of a batch need to know, read under the locks of their hosts. */

import type { Instant, Interval } from "../../../shared/interval.ts";
import { BOOKING_MAX_MS, CONFLICTING_BOOKINGS_MAX } from "../../../shared/limits.ts";
import { millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import type { Statement, StatementResult } from "../../../shared/postgres/round-trip.ts";
import {
  type Command,
  type ConfirmedInRanges,
  type CreateCommand,
  type FenceCommand,
  type HostState,
  isHold,
} from "../domain/command.ts";
import { type HostRow, loadHosts } from "./hosts.ts";
import { ONE_BY_ONE } from "./one-by-one.ts";
import { rememberedFrom, type RequestRow, requestsNamed } from "./requests.ts";
import { bookingFromRow, type BookingRow, storedColumns } from "./rows.ts";

/** What is to be read, and how to read its results. */
export interface Load {
  readonly statements: readonly Statement[];
  /**
   * The batch's time, and the state of each host, from the results of `statements`. A host without a row has changed
   * nothing yet: generation and sequence 0.
   */
  read(results: readonly StatementResult[]): Loaded;
}

export interface Loaded {
  readonly now: Instant;
  readonly states: ReadonlyMap<string, HostState>;
}

/** The statements that the commands need, and only those. They are to follow the locks. */
export function loadOf(hostIds: readonly string[], commands: readonly Command[]): Load {
  const fences = commands.filter((command) => command.kind === "fence");
  const requests = commands.flatMap(({ hostId, request }) =>
    request === undefined ? [] : [{ hostId, id: request.id }],
  );
  const holds = commands.filter((command) => isHold(command));
  const candidates = commands.filter((command) => command.kind === "create" || command.kind === "reschedule");
  const named = commands.filter((command) => command.kind !== "create" && command.kind !== "fence");
  const ranges = fences.filter((fence) => fence.ranges.length > 0);
  const sent: (readonly [kind: "hosts" | "requests" | "bookings" | "holds" | "confirmed", statement: Statement])[] = [
    ["hosts", loadHosts(hostIds, readClock)],
  ];
  if (requests.length > 0) sent.push(["requests", requestsNamed(requests)]);
  if (candidates.length > 0) sent.push(["bookings", overlappingBookings(candidates)]);
  if (holds.length > 0) sent.push(["holds", holdsOfGuests(holds)]);
  if (named.length > 0) sent.push(["bookings", namedBookings(named)]);
  if (ranges.length > 0) sent.push(["bookings", holdsInRanges(ranges)], ["confirmed", confirmedInRanges(fences)]);

  return {
    statements: sent.map(([, statement]) => statement),
    read(results) {
      const rowsOf = <Row>(kind: (typeof sent)[number][0]): Row[] =>
        sent.flatMap(([each], index) => (each === kind ? (results[index]?.rows as Row[]) : []));
      const hosts = rowsOf<HostRow & { readonly now: Instant }>("hosts");
      const confirmed = confirmedByFence(fences, rowsOf<ConfirmedRow>("confirmed"));
      const hostOf = new Map(hosts.map((row) => [row.host_id, row]));
      const bookingsOf = Map.groupBy(rowsOf<BookingRow>("bookings"), (row) => row.host_id);
      const requestsOf = Map.groupBy(rowsOf<RequestRow>("requests"), (row) => row.host_id);
      const holdsOf = Map.groupBy(rowsOf<HoldsRow>("holds"), (row) => row.host_id);
      const stateOf = (hostId: string): HostState => ({
        hostId,
        generation: hostOf.get(hostId)?.generation ?? 0,
        sequence: hostOf.get(hostId)?.sequence ?? 0,
        bookings: (bookingsOf.get(hostId) ?? []).map(bookingFromRow),
        requests: new Map((requestsOf.get(hostId) ?? []).map((row) => [row.request_id, rememberedFrom(row)])),
        holds: new Map(
          (holdsOf.get(hostId) ?? []).map((row) => [row.guest_id, { withHost: row.with_host, inAll: row.in_all }]),
        ),
        confirmedInRanges: confirmed,
      });
      return {
        now: hosts[0]?.now ?? Number.NaN,
        states: new Map(hostIds.map((hostId) => [hostId, stateOf(hostId)])),
      };
    },
  };
}

/**
 * Reads the clock, once for the whole batch (a subquery that depends on no row is run once) and after the locks (`now()`
 * would be the time before the wait), and leaves it in the transaction's setting `booking.now` for the statements behind.
 */
const readClock = `(select ${millis(
  "set_config('booking.now', date_trunc('milliseconds', clock_timestamp())::text, true)::timestamptz",
)})`;
/** SQL for the batch's time. */
const BATCH_NOW = "current_setting('booking.now')::timestamptz";

/** The bookings that the constraint counts and that a candidate overlaps. */
function overlappingBookings(candidates: readonly { readonly hostId: string; readonly during: Interval }[]): Statement {
  return {
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
  };
}

interface HoldsRow {
  readonly host_id: string;
  readonly guest_id: string;
  readonly with_host: number;
  readonly in_all: number;
}

/** How many active holds the guests have, with the host and in all. The index by guest shows active holds and no others. */
function holdsOfGuests(creates: readonly CreateCommand[]): Statement {
  return {
    name: "load-holds-of-guests",
    text: `select asked.host_id, asked.guest_id, held.with_host, held.in_all
           from (select distinct * from unnest($1::uuid[], $2::uuid[])) as asked(host_id, guest_id)
           cross join lateral (
             select (count(*) filter (where b.host_id = asked.host_id))::float8 as with_host, count(*)::float8 as in_all
             from bookings b
             where b.guest_id = asked.guest_id and b.state = 'HELD' and b.expire_time > ${BATCH_NOW}
           ) held`,
    values: [creates.map((create) => create.hostId), creates.map((create) => create.guestId)],
  };
}

function namedBookings(commands: readonly { readonly hostId: string; readonly bookingId: string }[]): Statement {
  return {
    name: "load-named",
    text: `select b.id, ${storedColumns}
           from unnest($1::uuid[], $2::uuid[]) as named(host_id, id)
           cross join lateral (
             select * from bookings where host_id = named.host_id and id = named.id ${ONE_BY_ONE}
           ) b`,
    values: [commands.map((command) => command.hostId), commands.map((command) => command.bookingId)],
  };
}

/**
 * The ranges of a fence as far back as a booking in them may not have ended yet, or a host that gives up all of its time
 * would have all of its past read.
 */
const LIVE_RANGES = `(fence.ranges * tstzmultirange(tstzrange(${BATCH_NOW} - interval '${BOOKING_MAX_MS} ms', null)))`;

function holdsInRanges(fences: readonly FenceCommand[]): Statement {
  return {
    name: "load-holds-in-ranges",
    text: `select b.id, ${storedColumns}
           from unnest($1::uuid[], $2::tstzmultirange[]) as fence(host_id, ranges)
           cross join lateral (
             select * from bookings where host_id = fence.host_id and state = 'HELD' and during && ${LIVE_RANGES} ${ONE_BY_ONE}
           ) b`,
    values: [fences.map((fence) => fence.hostId), fences.map(multirange)],
  };
}

interface ConfirmedRow {
  /** Index of the fence, from 1. */
  readonly ordinal: number;
  readonly id: string;
  readonly start_ms: number;
  readonly total: number;
}

function confirmedInRanges(fences: readonly FenceCommand[]): Statement {
  return {
    name: "load-confirmed-in-ranges",
    text: `select fence.ordinal::float8 as ordinal, found.id, found.start_ms, found.total
           from unnest($1::uuid[], $2::tstzmultirange[]) with ordinality as fence(host_id, ranges, ordinal)
           cross join lateral (
             select b.id, ${millis("lower(b.during)")} as start_ms, (count(*) over ())::float8 as total
             from bookings b
             where b.host_id = fence.host_id and b.state = 'CONFIRMED'
               and b.during && ${LIVE_RANGES}
               and upper(b.during) > ${BATCH_NOW}
             order by lower(b.during), b.id
             limit ${CONFLICTING_BOOKINGS_MAX}
           ) found`,
    values: [fences.map((fence) => fence.hostId), fences.map(multirange)],
  };
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
