/**
 * The table `requests`: the requests that were carried out, each with the sequence of an event. Its answer is the booking after
 * that event, so it is not kept a second time: events live at least as long as requests.
 */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";
import { queryOf, type Statement } from "../../../shared/postgres/round-trip.ts";
import type { NewRequest, RememberedRequest } from "../domain/command.ts";
import { ONE_BY_ONE } from "./one-by-one.ts";
import { bookingFromRow, type BookingRow, storedColumns } from "./rows.ts";

export interface RequestRow extends BookingRow {
  readonly request_id: string;
  readonly method: string;
  readonly content_hash: string;
}

export function rememberedFrom(row: RequestRow): RememberedRequest {
  const key = { id: row.request_id, method: row.method, contentHash: row.content_hash };
  return { key, answer: bookingFromRow(row) };
}

/** A host's request, by its id. */
export interface RequestName {
  readonly hostId: string;
  readonly id: string;
}

/**
 * Finds those that were carried out, in any order. Each is looked up by itself: see ONE_BY_ONE. One whose event is missing
 * is not found; the table's key refuses it a second effect.
 */
export function requestsNamed(names: readonly RequestName[]): Statement {
  return {
    name: "requests-named",
    text: `select r.request_id, r.method, encode(r.content_hash, 'hex') as content_hash, b.booking_id as id, ${storedColumns}
           from unnest($1::uuid[], $2::uuid[]) as asked(host_id, request_id)
           cross join lateral (
             select * from requests where host_id = asked.host_id and request_id = asked.request_id ${ONE_BY_ONE}
           ) r
           cross join lateral (
             select * from booking_events where host_id = r.host_id and sequence = r.sequence ${ONE_BY_ONE}
           ) b`,
    values: [names.map(({ hostId }) => hostId), names.map(({ id }) => id)],
  };
}

/** The requests of these names that were carried out, in the names' order; outside of a batch. */
export async function findRequests(
  pool: Pool,
  names: readonly RequestName[],
): Promise<(RememberedRequest | undefined)[]> {
  const rows = await read<RequestRow>(pool, queryOf(requestsNamed(names)));
  const found = new Map(rows.map((row) => [`${row.host_id} ${row.request_id}`, rememberedFrom(row)]));
  return names.map(({ hostId, id }) => found.get(`${hostId} ${id}`));
}

export function insertRequests(requests: readonly NewRequest[]): Statement {
  return {
    name: "insert-requests",
    text: `insert into requests (host_id, request_id, method, content_hash, sequence, guest_id, create_time)
           select host_id, request_id, method, decode(content_hash, 'hex'), sequence, guest_id, clock_timestamp()
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int8[], $6::uuid[])
             as new(host_id, request_id, method, content_hash, sequence, guest_id)`,
    values: [
      requests.map(({ answer }) => answer.hostId),
      requests.map(({ key }) => key.id),
      requests.map(({ key }) => key.method),
      requests.map(({ key }) => key.contentHash),
      requests.map(({ answer }) => answer.sequence),
      requests.map(({ answer, isSaying }) => (isSaying ? answer.guestId : undefined)),
    ],
  };
}
