/** Requests that were carried out, as they are stored. */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";
import type { Booking } from "../domain/booking.ts";
import type { RememberedRequest } from "../domain/command.ts";

export interface RequestRow {
  readonly host_id: string;
  readonly request_id: string;
  readonly method: string;
  readonly content_hash: string;
  readonly answer: Booking;
}

/** The columns of `requests r`. */
export const requestColumns = `
  r.host_id, r.request_id, r.method, encode(r.content_hash, 'hex') as content_hash, r.answer`;

export function rememberedFrom(row: RequestRow): RememberedRequest {
  return { method: row.method, contentHash: row.content_hash, answer: row.answer };
}

/** The request that was carried out for the host under this id, if there is one; outside of a batch. */
export async function findRequest(
  pool: Pool,
  hostId: string,
  requestId: string,
  signal: AbortSignal,
): Promise<RememberedRequest | undefined> {
  const rows = await read<RequestRow>(
    pool,
    {
      name: "find-request",
      text: `select ${requestColumns} from requests r where r.host_id = $1 and r.request_id = $2`,
      values: [hostId, requestId],
    },
    signal,
  );
  return rows[0] === undefined ? undefined : rememberedFrom(rows[0]);
}
