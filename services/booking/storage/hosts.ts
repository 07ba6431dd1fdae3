/**
 * The table `hosts`: of each host that was ever booked or fenced, its generation, which every fence raises, and the sequence
 * of its feed's last event. A row is never deleted. A host without one has changed nothing yet: both are 0. After a restore
 * both are read as no less than what all were raised to (`restores.ts`), row or not.
 */

import type { Pool } from "pg";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import type { Statement } from "../../../shared/postgres/round-trip.ts";
import { RAISED_TO } from "./restores.ts";

export interface HostRow {
  readonly host_id: string;
  readonly generation: number;
  readonly sequence: number;
  /** Up to there the host's events were deleted. */
  readonly forgotten_to: number;
}

/** `greatest` passes over nulls: a host without a row has what all were raised to. */
const columns = `host_id, greatest(generation, raised_to)::float8 as generation,
  greatest(sequence, raised_to)::float8 as sequence, coalesce(forgotten_to, 0)::float8 as forgotten_to`;
/** A row for each host that $1 names. `offset 0`: it is looked up once, and not for each column that it stands in. */
const named = `unnest($1::uuid[]) as host(host_id) left join hosts using (host_id)
  cross join (select ${RAISED_TO} as raised_to offset 0) as restored`;

/** A row for each of the hosts, in their order, with `now`, an SQL expression, beside it. For a batch, behind its locks. */
export function loadHosts(hostIds: readonly string[], now: string): Statement {
  return { name: "load-hosts", text: `select ${now} as now, ${columns} from ${named}`, values: [hostIds] };
}

/** SQL for a host's generation, for a statement that reads it at one moment with something else. */
export function generationIn(hostId: string): string {
  return `greatest((select generation from hosts where host_id = ${hostId}), ${RAISED_TO})::float8`;
}

/** The same for the sequence of its feed's last event. */
export function sequenceIn(hostId: string): string {
  return `greatest((select sequence from hosts where host_id = ${hostId}), ${RAISED_TO})::float8`;
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

/** The sequence of the last event of each host's feed. */
export async function sequencesOf(
  pool: Pool,
  hostIds: readonly string[],
  caller?: Reader,
): Promise<ReadonlyMap<string, number>> {
  const rows = await readHosts(pool, hostIds, caller);
  return new Map(Array.from(rows, ([hostId, { sequence }]) => [hostId, sequence]));
}

export async function sequenceOf(pool: Pool, hostId: string, caller: Reader): Promise<number> {
  return (await sequencesOf(pool, [hostId], caller)).get(hostId) ?? 0;
}

async function readHosts(pool: Pool, hostIds: readonly string[], caller?: Reader): Promise<Map<string, HostRow>> {
  const query = {
    name: "hosts-named",
    text: `select ${columns} from ${named}`,
    values: [hostIds],
  };
  return new Map((await read<HostRow>(pool, query, caller)).map((row) => [row.host_id, row]));
}
