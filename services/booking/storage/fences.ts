/** The host's generation, as it is outside of a batch. */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";

/** The host's generation; 0 for a host without a row. Read without a lock: whoever uses it compares it under the lock. */
export async function generationOf(pool: Pool, hostId: string, signal?: AbortSignal): Promise<number> {
  const rows = await read<{ generation: number }>(
    pool,
    {
      name: "generation-of",
      text: "select generation::float8 as generation from host_fences where host_id = $1",
      values: [hostId],
    },
    signal,
  );
  return rows[0]?.generation ?? 0;
}
