/**
 * What a restore of either database ends: everything that was remembered of the time that is lost.
 *
 * A replica may remember a calendar for half a minute, with the generation that it noted. If Booking's database goes back in
 * time, its fences give that generation once more, for other open time, and the comparison lets the calendar pass. If
 * Availability's goes back, open time shrinks without a fence, and the generation stays what it was. So after a restore of either
 * each host must have a generation that was never given: hosts without a row too, whose generation 0 may be remembered.
 *
 * A feed that goes back gives its sequences once more, for other events: a consumer that has seen five would get the sixth and
 * miss the other five. So sequences, too, must go on where none was ever given.
 *
 * One row of `restores` does both, for all hosts at once: every generation and sequence is read as at least `raised_to`
 * (`hosts.ts`). It is the time in microseconds. So it lies beyond all that was counted one by one, it is another one
 * after each restore, of the same backup too, and it stays below 2^53 until the year 2255. The rows are kept: by them
 * the audit knows the gaps that they leave in feeds.
 *
 * _Rejected:_ to raise each row of `hosts`. That takes the lock of every host, misses hosts without a row, and a million rows
 * take seconds. To raise by a step alone: after a second restore of one backup it would give the numbers of the first again.
 */

import type { Client } from "pg";

/** SQL for what all generations and sequences are read as at least. */
export const RAISED_TO = "coalesce((select max(raised_to) from restores), 0)";

/** On which replicas hear that either database may have been restored: what they remember of users may be of the time that is lost. */
export const RESTORES_CHANNEL = "booking_restores";

/** Should the server's clock be behind: more than may have been given since, in a time of which the database knows nothing. */
const STEP = 2 ** 32;

/** How long to wait for the transactions that are under way. Meanwhile no other begins to read hosts. */
const LOCK_WAIT_MS = 10_000;

/**
 * Raises all generations and sequences beyond whatever was given, and returns to what. Throws an error of the server if a
 * transaction reads hosts for longer than LOCK_WAIT_MS, such as a dump.
 *
 * The lock waits for every batch that has read a generation, and keeps others from it until the commit. So no batch decides by
 * the generation before and commits after. READ WRITE: the server may have been started closed to the services, by
 * `default_transaction_read_only`.
 */
export async function raiseAfterRestore(client: Client): Promise<number> {
  await client.query("begin isolation level read committed read write");
  await client.query("select set_config('lock_timeout', $1, true)", [String(LOCK_WAIT_MS)]);
  await client.query("lock table hosts in access exclusive mode");
  const { rows } = await client.query<{ raised_to: number }>(
    `insert into restores (raised_to)
     select greatest(
       floor(extract(epoch from clock_timestamp()) * 1000000)::int8,
       ${RAISED_TO} + $1::int8,
       (select max(greatest(generation, sequence)) from hosts) + $1::int8
     )
     returning raised_to::float8 as raised_to`,
    [STEP],
  );
  await client.query(`notify ${RESTORES_CHANNEL}`);
  await client.query("commit");
  return rows[0]?.raised_to ?? 0;
}
