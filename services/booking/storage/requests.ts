/** Requests that were carried out, as they are outside of a batch. */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";
import type { Booking } from "../domain/booking.ts";
import type { RememberedRequest } from "../domain/command.ts";

/** The request that was carried out for the host under this id, if there is one. */
export async function findRequest(
  pool: Pool,
  hostId: string,
  requestId: string,
  signal: AbortSignal,
): Promise<RememberedRequest | undefined> {
  const rows = await read<{ method: string; content_hash: string; answer: Booking }>(
    pool,
    {
      name: "find-request",
      text: `select method, encode(content_hash, 'hex') as content_hash, answer
             from requests where host_id = $1 and request_id = $2`,
      values: [hostId, requestId],
    },
    signal,
  );
  const row = rows[0];
  return row === undefined ? undefined : { method: row.method, contentHash: row.content_hash, answer: row.answer };
}
