/** Hosts' generations, as they are outside of a batch. */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";

/**
 * The generations of hosts, in their order; 0 for a host without a row. Read without a lock: whoever uses one compares it
 * under the lock.
 */
export async function generationsOf(pool: Pool, hostIds: readonly string[]): Promise<number[]> {
  const rows = await read<{ host_id: string; generation: number }>(pool, {
    name: "generations-of",
    text: "select host_id, generation::float8 as generation from host_fences where host_id = any($1::uuid[])",
    values: [hostIds],
  });
  const stored = new Map(rows.map((row) => [row.host_id, row.generation]));
  return hostIds.map((hostId) => stored.get(hostId) ?? 0);
}
