/** Requests that were carried out, as they are stored. */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";
import { queryOf, type Statement } from "../../../shared/postgres/round-trip.ts";
import type { Booking } from "../domain/booking.ts";
import type { RememberedRequest } from "../domain/command.ts";
import { ONE_BY_ONE } from "./one-by-one.ts";

export interface RequestRow {
  readonly host_id: string;
  readonly request_id: string;
  readonly method: string;
  readonly content_hash: string;
  readonly answer: Booking;
}

const requestColumns = `
  r.host_id, r.request_id, r.method, encode(r.content_hash, 'hex') as content_hash, r.answer`;

export function rememberedFrom(row: RequestRow): RememberedRequest {
  return { method: row.method, contentHash: row.content_hash, answer: row.answer };
}

/** A host's request, by its id. */
export interface RequestName {
  readonly hostId: string;
  readonly id: string;
}

/** Finds those that were carried out, in any order. Each is looked up by itself: see ONE_BY_ONE. */
export function requestsNamed(names: readonly RequestName[]): Statement {
  return {
    name: "requests-named",
    text: `select ${requestColumns}
           from unnest($1::uuid[], $2::uuid[]) as asked(host_id, request_id)
           cross join lateral (
             select * from requests where host_id = asked.host_id and request_id = asked.request_id ${ONE_BY_ONE}
           ) r`,
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
