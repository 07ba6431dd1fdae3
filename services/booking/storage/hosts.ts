/**
 * The table `hosts`: of each host that was ever booked or fenced, its generation, which every fence raises, and the sequence
 * of its feed's last event. A row is never deleted. A host without one has changed nothing yet: both are 0.
 */

import type { Pool } from "pg";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import type { Statement } from "../../../shared/postgres/round-trip.ts";

/** Both null where the host has no row. */
export interface HostRow {
  readonly host_id: string;
  readonly generation: number | null;
  readonly sequence: number | null;
}

const columns = "host_id, generation::float8 as generation, sequence::float8 as sequence";

/** A row for each of the hosts, in their order, with `now`, an SQL expression, beside it. For a batch, behind its locks. */
export function loadHosts(hostIds: readonly string[], now: string): Statement {
  return {
    name: "load-hosts",
    text: `select ${now} as now, ${columns} from unnest($1::uuid[]) as host(host_id) left join hosts using (host_id)`,
    values: [hostIds],
  };
}

/** SQL for a host's generation, for a statement that reads it at one moment with something else. */
export function generationIn(hostId: string): string {
  return `coalesce((select generation from hosts where host_id = ${hostId}), 0)::float8`;
}

export function writeHosts(hosts: readonly { hostId: string; generation: number; sequence: number }[]): Statement {
  return {
    name: "write-hosts",
    text: `insert into hosts (host_id, generation, sequence)
           select * from unnest($1::uuid[], $2::int8[], $3::int8[])
           on conflict (host_id) do update set generation = excluded.generation, sequence = excluded.sequence`,
    values: [
      hosts.map((host) => host.hostId),
      hosts.map((host) => host.generation),
      hosts.map((host) => host.sequence),
    ],
  };
}

/** The hosts' generations, in their order. Read without a lock: the lane compares it under the lock. */
export async function generationsOf(pool: Pool, hostIds: readonly string[]): Promise<number[]> {
  const rows = await readHosts(pool, hostIds);
  return hostIds.map((hostId) => rows.get(hostId)?.generation ?? 0);
}

/** The sequence of the last event of each host's feed. A host without a row has none. */
export async function sequencesOf(
  pool: Pool,
  hostIds: readonly string[],
  caller?: Reader,
): Promise<ReadonlyMap<string, number>> {
  const rows = await readHosts(pool, hostIds, caller);
  return new Map(Array.from(rows, ([hostId, { sequence }]) => [hostId, sequence ?? 0]));
}

export async function sequenceOf(pool: Pool, hostId: string, caller: Reader): Promise<number> {
  return (await sequencesOf(pool, [hostId], caller)).get(hostId) ?? 0;
}

async function readHosts(pool: Pool, hostIds: readonly string[], caller?: Reader): Promise<Map<string, HostRow>> {
  const query = {
    name: "hosts-named",
    text: `select ${columns} from hosts where host_id = any($1::uuid[])`,
    values: [hostIds],
  };
  return new Map((await read<HostRow>(pool, query, caller)).map((row) => [row.host_id, row]));
}
