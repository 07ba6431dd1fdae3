/** What the commands of a batch need to know, read under the locks of their hosts. */

import type { Instant, Interval } from "../../../shared/interval.ts";
import { rangeFromMillis } from "../../../shared/postgres/range.ts";
import type { Statement, StatementResult } from "../../../shared/postgres/round-trip.ts";
import { type Command, type CreateCommand, type HostState, isHold } from "../domain/command.ts";
import { occupied } from "../domain/rules.ts";
import type { Inactive } from "../domain/user.ts";
import { BATCH_NOW, readClock } from "./batch-now.ts";
import {
  confirmedByFence,
  confirmedInRanges,
  type ConfirmedRow,
  holdsOfFences,
  lastConfirmedEnds,
  type LastEndRow,
} from "./fences.ts";
import { type HostRow, loadHosts } from "./hosts.ts";
import { ONE_BY_ONE } from "./one-by-one.ts";
import { rememberedFrom, type RequestRow, requestsNamed } from "./requests.ts";
import { bookingFromRow, type BookingRow, storedColumns } from "./rows.ts";
import { inactiveOf, type InactiveRow, inactiveStateIn } from "./users.ts";

/** What is to be read, and how to read its results. */
export interface Load {
  readonly statements: readonly Statement[];
  /**
   * The batch's time, and the state of each host, from the results of `statements`.
   */
  read(results: readonly StatementResult[]): Loaded;
}

export interface Loaded {
  readonly now: Instant;
  readonly states: ReadonlyMap<string, HostState>;
}

/** What a statement reads. Rows of one kind may come from several. */
type Kind = "hosts" | "inactive" | "requests" | "bookings" | "named" | "holds" | "confirmed" | "lastEnds";

/** The statements that the commands need, and only those. They are to follow the locks. */
export function loadOf(hostIds: readonly string[], commands: readonly Command[]): Load {
  const fences = commands.filter((command) => command.kind === "fence");
  const requests = commands.flatMap(({ hostId, request }) =>
    request === undefined ? [] : [{ hostId, id: request.id }],
  );
  const holds = commands.filter((command) => isHold(command));
  const candidates = commands.filter((command) => command.kind === "create" || command.kind === "reschedule");
  const creates = commands.filter((command) => command.kind === "create");
  const called = creates.filter(({ details }) => details.externalId !== undefined);
  const named = commands.filter((command) => command.kind !== "create" && command.kind !== "fence");
  const changing = commands.filter(({ kind }) => kind !== "fence" && kind !== "expire");
  const withRanges = fences.filter((fence) => fence.ranges.length > 0);
  const findingLast = fences.filter((fence) => fence.findLastBooking);
  const lookingAtHolds = fences.filter((fence) => fence.ranges.length > 0 || fence.findLastBooking);
  const sent: (readonly [kind: Kind, statement: Statement])[] = [["hosts", loadHosts(hostIds, readClock)]];
  if (changing.length > 0) sent.push(["inactive", inactiveOf(usersOf(changing))]);
  if (requests.length > 0) sent.push(["requests", requestsNamed(requests)]);
  if (candidates.length > 0) sent.push(["bookings", overlappingBookings(candidates.map(occupiedBy))]);
  if (called.length > 0) sent.push(["bookings", bookingsCalled(called)]);
  if (holds.length > 0) sent.push(["holds", holdsOfGuests(holds)]);
  if (named.length > 0) sent.push(["named", namedBookings(named)]);
  if (lookingAtHolds.length > 0) sent.push(["bookings", holdsOfFences(lookingAtHolds)]);
  if (withRanges.length > 0) sent.push(["confirmed", confirmedInRanges(withRanges)]);
  if (findingLast.length > 0) sent.push(["lastEnds", lastConfirmedEnds(findingLast)]);

  return {
    statements: sent.map(([, statement]) => statement),
    read(results) {
      const rowsOf = <Row>(kind: Kind): Row[] =>
        sent.flatMap(([each], index) => (each === kind ? (results[index]?.rows as Row[]) : []));
      const hosts = rowsOf<HostRow & { readonly now: Instant }>("hosts");
      const confirmed = confirmedByFence(withRanges, rowsOf<ConfirmedRow>("confirmed"));
      const lastEndOf = new Map(rowsOf<LastEndRow>("lastEnds").map((row) => [row.host_id, row.last_end_ms]));
      const hostOf = new Map(hosts.map((row) => [row.host_id, row]));
      const namedRows = rowsOf<NamedRow>("named");
      const bookingsOf = Map.groupBy([...rowsOf<BookingRow>("bookings"), ...namedRows], (row) => row.host_id);
      const requestsOf = Map.groupBy(rowsOf<RequestRow>("requests"), (row) => row.host_id);
      const holdsOf = Map.groupBy(rowsOf<HoldsRow>("holds"), (row) => row.host_id);
      const inactive = new Map(rowsOf<InactiveRow>("inactive").map((row) => [row.user_id, row.state]));
      for (const row of namedRows) if (row.guest_state !== null) inactive.set(row.guest_id, row.guest_state);
      const stateOf = (hostId: string): HostState => ({
        hostId,
        generation: hostOf.get(hostId)?.generation ?? 0,
        sequence: hostOf.get(hostId)?.sequence ?? 0,
        forgottenTo: hostOf.get(hostId)?.forgotten_to ?? 0,
        bookings: (bookingsOf.get(hostId) ?? []).map(bookingFromRow),
        requests: new Map((requestsOf.get(hostId) ?? []).map((row) => [row.request_id, rememberedFrom(row)])),
        inactive,
        holds: new Map(
          (holdsOf.get(hostId) ?? []).map((row) => [row.guest_id, { withHost: row.with_host, inAll: row.in_all }]),
        ),
        confirmedInRanges: confirmed,
        lastConfirmedEnd: lastEndOf.get(hostId) ?? undefined,
      });
      return {
        now: hosts[0]?.now ?? Number.NaN,
        states: new Map(hostIds.map((hostId) => [hostId, stateOf(hostId)])),
      };
    },
  };
}

/** The hosts, and the guests as far as the commands name them, each once. */
function usersOf(commands: readonly Command[]): string[] {
  return [...new Set(commands.flatMap((each) => (each.kind === "create" ? [each.hostId, each.guestId] : each.hostId)))];
}

/** Time that a host's bookings are looked for in. */
interface HostTime extends Interval {
  readonly hostId: string;
}

function occupiedBy({ hostId, calendar, during }: Pick<CreateCommand, "hostId" | "calendar" | "during">): HostTime {
  return { hostId, ...occupied(calendar.rules, during) };
}

/** The bookings that the constraint counts and whose occupied time overlaps. Where many want the same, it is read once. */
function overlappingBookings(wanted: readonly HostTime[]): Statement {
  const times = [...new Map(wanted.map((each) => [`${each.hostId} ${each.start} ${each.end}`, each])).values()];
  return {
    name: "load-overlapping",
    text: `select distinct on (b.id) b.id, ${storedColumns}
           from unnest($1::uuid[], $2::float8[], $3::float8[]) as wanted(host_id, start_ms, end_ms)
           cross join lateral (
             select * from bookings
             where host_id = wanted.host_id and state in ('HELD', 'CONFIRMED')
               and occupied && ${rangeFromMillis("wanted.start_ms", "wanted.end_ms")} ${ONE_BY_ONE}
           ) b`,
    values: [times.map(({ hostId }) => hostId), times.map(({ start }) => start), times.map(({ end }) => end)],
  };
}

/** The bookings that the constraint counts and that have the external id of a new one. */
function bookingsCalled(creates: readonly CreateCommand[]): Statement {
  return {
    name: "load-called",
    text: `select b.id, ${storedColumns}
           from unnest($1::uuid[], $2::text[]) as wanted(host_id, external_id)
           cross join lateral (
             select * from bookings
             where host_id = wanted.host_id and external_id = wanted.external_id and state in ('HELD', 'CONFIRMED')
             ${ONE_BY_ONE}
           ) b`,
    values: [creates.map(({ hostId }) => hostId), creates.map(({ details }) => details.externalId)],
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

interface NamedRow extends BookingRow {
  /** Null: the guest is active. */
  readonly guest_state: Inactive | null;
}

function namedBookings(commands: readonly { readonly hostId: string; readonly bookingId: string }[]): Statement {
  return {
    name: "load-named",
    text: `select b.id, ${storedColumns}, ${inactiveStateIn("b.guest_id")} as guest_state
           from unnest($1::uuid[], $2::uuid[]) as named(host_id, id)
           cross join lateral (
             select * from bookings where host_id = named.host_id and id = named.id ${ONE_BY_ONE}
           ) b`,
    values: [commands.map((command) => command.hostId), commands.map((command) => command.bookingId)],
  };
}
