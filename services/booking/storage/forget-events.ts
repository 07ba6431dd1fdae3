/**
 * Deletes the beginnings of feeds, if the operator wants that. Up to `hosts.forgotten_to` a host's events are gone, and behind it
 * none is missing: so a watcher who wants more than there is can be told, and the audit knows this gap from others.
 *
 * An event from which a remembered request is answered stays, and all behind it. That is looked up under the host's lock: with
 * requests that change nothing, such as a second cancellation, an old event may become an answer at any time.
 *
 * _Rejected:_ partitions by time, which are dropped as a whole. The key of a partitioned table has the time in it, so a host's next
 * events would be looked for in every partition, and two events could have one sequence.
 */

import type { Pool } from "pg";
import { Refusal } from "../../../shared/errors.ts";
import { lockHost } from "../../../shared/postgres/locks.ts";
import { read } from "../../../shared/postgres/read.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";

const HOSTS_PER_PAGE = 1000;
/** Few enough to be done in milliseconds: all changes of the host wait. */
const EVENTS_PER_DELETE = 1000;

/** Goes through all hosts, until that is done or `signal` aborts. Returns how many events were deleted. */
export async function forgetOldEvents(pool: Pool, keptDays: number, signal: AbortSignal): Promise<number> {
  let forgotten = 0;
  let after: string | undefined = "00000000-0000-0000-0000-000000000000";
  while (after !== undefined && !signal.aborted) {
    const page = await readHosts(pool, keptDays, after, signal);
    for (const { host_id: hostId } of page.filter(({ has_old: hasOld }) => hasOld)) {
      for (let deleted = EVENTS_PER_DELETE; deleted === EVENTS_PER_DELETE && !signal.aborted; forgotten += deleted) {
        deleted = await forgetFirst(pool, hostId, keptDays);
      }
    }
    after = page.at(-1)?.host_id;
  }
  return forgotten;
}

interface PageRow {
  readonly host_id: string;
  readonly has_old: boolean;
}

/** The next hosts, and of each whether its first event is old enough. By the keys of both tables: no index is by time. */
async function readHosts(
  pool: Pool,
  keptDays: number,
  after: string,
  signal: AbortSignal,
): Promise<readonly PageRow[]> {
  return read<PageRow>(
    pool,
    {
      name: "hosts-with-old-events",
      text: `select host_id, coalesce((
               select event_time from booking_events event where event.host_id = host.host_id order by sequence limit 1
             ) < statement_timestamp() - make_interval(days => $1), false) as has_old
             from (select host_id from hosts where host_id > $2 order by host_id limit ${HOSTS_PER_PAGE}) as host
             order by host_id`,
      values: [keptDays, after],
    },
    { signal },
  );
}

/** A host that others change all the time has its turn in the next round. */
async function forgetFirst(pool: Pool, hostId: string, keptDays: number): Promise<number> {
  try {
    return await transaction(pool, async (client) => {
      await lockHost(client, hostId);
      const { rows } = await client.query<{ deleted: number }>({
        name: "forget-first-events",
        text: `with first as (
                 select sequence, event_time from booking_events where host_id = $1 order by sequence limit ${EVENTS_PER_DELETE}
               ), deleted as (
                 delete from booking_events
                 where host_id = $1 and sequence <= (select max(sequence) from first)
                   and sequence < coalesce(least(
                     (select min(sequence) from first
                      where event_time >= statement_timestamp() - make_interval(days => $2)),
                     (select min(sequence) from requests where host_id = $1)
                   ), 9223372036854775807)
                 returning sequence
               ), noted as (
                 update hosts set forgotten_to = (select max(sequence) from deleted)
                 where host_id = $1 and exists (select from deleted)
               )
               select count(*)::float8 as deleted from deleted`,
        values: [hostId, keptDays],
      });
      return rows[0]?.deleted ?? 0;
    });
  } catch (error) {
    if (error instanceof Refusal && error.reason === "BUSY") return 0;
    throw error;
  }
}
