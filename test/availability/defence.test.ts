/**
 * "The openings of a host neither overlap nor touch, nor do its closures, and it has one slot duration" is held twice: by the host's lock and by
 * constraints. Here each holds alone, with the other taken away.
 */

import type { Pool } from "pg";
import { afterEach, expect, test } from "vitest";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { exceptionText } from "../support/host-of-hours.ts";
import { hours, inHours, storedIntervals } from "../support/hosts-time.ts";
import { createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";
import { hoursRequest } from "../support/weekly-hours.ts";
import { timesOf } from "../support/times.ts";

const WRITERS = 16;

let replicas: Replicas | undefined;

afterEach(async () => {
  await replicas?.stop();
  replicas = undefined;
});

/** So many calls at once, each by another replica than the one before. */
async function atOnce(
  { clients }: Replicas,
  call: (client: Replicas["clients"][number], writer: number) => Promise<unknown>,
): Promise<string[]> {
  return await Promise.all(
    Array.from({ length: WRITERS }, (_, writer) => outcomeOf(call(clients[writer % clients.length]!, writer))),
  );
}

/** Additions of different slot durations to one host, at once: a chain that touches, or all apart. */
async function race(started: Replicas, hostId: string, minutesOf: (writer: number) => number): Promise<string[]> {
  return await atOnce(started, (client, writer) =>
    openTime(client, hostId, hours(writer, writer + 1), minutesOf(writer)),
  );
}

test("the lock alone keeps intervals merged: two replicas, no constraint", async () => {
  replicas = await startReplicas(2, dropConstraints);
  for (let round = 0; round < 5; round += 1) {
    const hostId = await createHost(replicas.clients[0]!);
    expect(await race(replicas, hostId, () => 30)).toEqual(Array.from({ length: WRITERS }, () => "accepted"));
    expect(inHours(await storedIntervals(replicas.pool, hostId))).toBe(`0-${WRITERS}`);
  }
});

test("the lock alone keeps closures merged: two replicas, no constraint", async () => {
  replicas = await startReplicas(2, dropConstraints);
  for (let round = 0; round < 5; round += 1) {
    const hostId = await createHost(replicas.clients[0]!);
    // Hours that open nothing: what they would open, Booking would have to be asked about.
    await replicas.clients[0]!.availability.setWeeklyHours(hoursRequest(hostId, []));
    const ends = await atOnce(replicas, (client, writer) =>
      client.availability.removeAvailability({ hostId, ...timesOf(hours(writer, writer + 1)) }),
    );
    expect(ends).toEqual(Array.from({ length: WRITERS }, () => "accepted"));
    const { exceptions } = await replicas.clients[0]!.availability.listExceptions({ hostId });
    expect(exceptions.map(exceptionText)).toEqual([`CLOSURE 0-${WRITERS}`]);
  }
});

test("the lock alone keeps one slot duration: two replicas, no constraint", async () => {
  replicas = await startReplicas(2, dropConstraints);
  for (let round = 0; round < 5; round += 1) {
    const hostId = await createHost(replicas.clients[0]!);
    await race(replicas, hostId, (writer) => writer + 1);
    const { rows } = await replicas.pool.query(
      "select slot_duration_minutes from openings where host_id = $1 group by 1",
      [hostId],
    );
    expect(rows).toHaveLength(1);
  }
});

test("the constraints alone refuse what the lock would have prevented: the lock locks nothing", async () => {
  replicas = await startReplicas(2, disarmLocks);
  const hostId = await createHost(replicas.clients[0]!);
  const holder = await replicas.pool.connect();
  // Another session holds it all the time. Writers that get through do not wait for it.
  await holder.query("select pg_catalog.pg_advisory_lock($1::bigint)", [hostLockKey(hostId)]);
  const racing = race(replicas, hostId, (writer) => (writer % 2 === 0 ? 30 : 60));
  const outcomes = await racing.finally(() => holder.release(true));
  expect(outcomes).toContain("accepted");

  const { rows } = await replicas.pool.query(
    `select from openings a join openings b on a.host_id = b.host_id and a.during < b.during
     where lower(a.during) <= upper(b.during) and lower(b.during) <= upper(a.during)
        or a.slot_duration_minutes <> b.slot_duration_minutes`,
  );
  expect(rows).toEqual([]);
});

async function dropConstraints(pool: Pool): Promise<void> {
  await pool.query(`
    alter table openings drop constraint openings_never_touching, drop constraint openings_calendar_fkey;
    alter table closures drop constraint closures_never_touching`);
}

/** Puts a function before PostgreSQL's own that takes a host's lock and does nothing. */
async function disarmLocks(pool: Pool): Promise<void> {
  await pool.query("create function public.pg_advisory_xact_lock(bigint) returns void language sql as ''");
  const { rows } = await pool.query<{ name: string }>("select current_database() as name");
  await pool.query(`alter database ${rows[0]!.name} set search_path = public, pg_catalog`);
}
