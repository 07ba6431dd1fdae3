/** The transactions that hold locks of hosts. */

import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";

/** Between two looks: a batch takes some milliseconds. Each pause is longer than the one before, for a look stops all who lock. */
const LOOK_AGAIN_MS = 5;
const LOOK_AGAIN_MAX_MS = 100;

/**
 * Hosts' locks of this database that are granted: `objsubid` is 1 for keys of one number, which only hosts have. A virtual
 * transaction is named once while the server runs. (After a crash a name may come again, but then no lock of before is left; who
 * waits for the namesake waits for nothing, and not long.)
 */
const HOLDERS = `
  select distinct virtualtransaction as holder from pg_locks
  where locktype = 'advisory' and objsubid = 1 and granted
    and database = (select oid from pg_database where datname = current_database())`;

/**
 * Returns when every transaction that holds a host's lock now has ended: true. False: `until` (on the scale of `monotonicMs`)
 * came first. Transactions that get a lock later are not waited for, so this ends however busy the service is.
 */
export async function whenHoldersHaveEnded(pool: Pool, caller: Caller): Promise<boolean> {
  const { signal, deadline: until } = caller;
  let holders = await holdersAmong(pool, undefined, caller);
  for (let waitMs = LOOK_AGAIN_MS; holders.length > 0; waitMs = Math.min(2 * waitMs, LOOK_AGAIN_MAX_MS)) {
    if (monotonicMs() >= until) return false;
    await pause(timeoutWithin(until, waitMs), undefined, { signal });
    holders = await holdersAmong(pool, holders, caller);
  }
  return true;
}

/** Those of `before` that still hold one; undefined: all that do. */
async function holdersAmong(
  pool: Pool,
  before: readonly string[] | undefined,
  caller: Reader,
): Promise<readonly string[]> {
  const query =
    before === undefined
      ? { text: HOLDERS }
      : { text: `${HOLDERS} and virtualtransaction = any($1)`, values: [before] };
  return (await read<{ holder: string }>(pool, query, caller)).map(({ holder }) => holder);
}
