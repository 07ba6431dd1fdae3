/** Changes of one host that wait for their turn have nothing that changes of another host need. */

import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Pool } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RemoveAvailabilityResponseSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { changeHost } from "../../services/availability/storage/change-host.ts";
import { turnLimits } from "../../services/availability/storage/lock-wait.ts";
import { monotonicMs } from "../../shared/clock.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { createSemaphore } from "../../shared/semaphore.ts";
import { createTurns } from "../../shared/turns.ts";
import { answerAsGiven } from "../support/host-requests.ts";
import { patient } from "../support/lanes.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

const DONE = create(RemoveAvailabilityResponseSchema, { removedCount: 1 });

let database: TestDatabase;
let pool: Pool;
let hosts: readonly [string, string];

beforeEach(async () => {
  database = await createDatabase("availability");
  pool = poolOf(database.url);
  hosts = [randomUUID(), randomUUID()];
  await pool.query(
    `insert into users (id, email, email_key, display_name, role)
     select id, id || '@example.com', id || '@example.com', 'Host', 'HOST' from unnest($1::uuid[]) as id`,
    [hosts],
  );
});

afterEach(async () => {
  await pool.end();
  await database.drop();
});

test("however many removals of one host wait, they have one permit, and another host's gets the next", async () => {
  const turns = createTurns(turnLimits);
  const permits = createSemaphore(2);
  const change = async (hostId: string): Promise<unknown> => {
    const request = { hostId, key: undefined, response: answerAsGiven };
    return await changeHost({ pool, turns }, request, patient, async () => DONE, permits).catch(
      (refusal: unknown) => (refusal as { reason?: string }).reason ?? refusal,
    );
  };
  const [held, other] = hosts;
  const holder = await pool.connect();
  await holder.query("select pg_advisory_lock($1)", [hostLockKey(held)]);
  const stuck = Array.from({ length: 60 }, () => change(held));
  await somebodyWaits(pool);

  const free = await permits.acquire(0, patient.signal);
  expect(free).toBeDefined();
  free?.();
  expect(await change(other)).toEqual(DONE);

  // The lock is held to the end, so none of them can have done anything, and each has given back what it had.
  expect(new Set(await Promise.all(stuck))).toEqual(new Set(["BUSY"]));
  await holder.query("select pg_advisory_unlock($1)", [hostLockKey(held)]);
  holder.release();
  expect(await Promise.all(hosts.map(change))).toEqual([DONE, DONE]);
  expect(turns.keyCount()).toBe(0);
});

test("a thousand changes of one host wait for their turn, and the next one is turned away at once", async () => {
  const turns = createTurns(turnLimits);
  const [hostId] = hosts;
  const leaving = new AbortController();
  const caller = { signal: leaving.signal, deadline: Infinity };
  const request = { hostId, key: undefined, response: answerAsGiven };
  const holder = await turns.take(hostId, patient.signal);
  const changes = Array.from({ length: 1_001 }, () => changeHost({ pool, turns }, request, caller, async () => DONE));
  const left = new Error("the caller left");
  leaving.abort(left);
  const told = await Promise.all(changes.map((change) => change.catch((error: unknown) => error)));
  expect(new Set(told.slice(0, -1))).toEqual(new Set([left]));
  expect(told.at(-1)).toMatchObject({ reason: "OVERLOADED" });
  if (typeof holder !== "string") holder.release();
  expect(turns.keyCount()).toBe(0);
});

test("a change waits for its host's lock no longer than its caller for it, and with no caller a second", async () => {
  const [hostId] = hosts;
  const { rows } = await pool.query<{ name: string }>("select current_database() as name");
  // Before PostgreSQL's own function one that notes what is set.
  await pool.query(`
    create table public.waits (ms int);
    create function public.set_config(name text, value text, is_local boolean) returns text language sql as
      'insert into waits select value::int where name = ''lock_timeout'';
       select pg_catalog.set_config(name, value, is_local)';
    alter database ${rows[0]!.name} set search_path = public, pg_catalog`);
  const noting = poolOf(database.url);
  for (const deadline of [monotonicMs() + 500, Infinity]) {
    const deps = { pool: noting, turns: createTurns(turnLimits) };
    const caller = { signal: patient.signal, deadline };
    await changeHost(deps, { hostId, key: undefined, response: answerAsGiven }, caller, async () => DONE);
  }
  const waits = await noting.query<{ ms: number }>("select ms from waits");
  expect(waits.rows.map(({ ms }) => (ms <= 500 ? "no more than 500" : ms))).toEqual(["no more than 500", 1000]);
  await noting.end();
});

test("a change whose caller leaves at its last moment is rolled back", async () => {
  const [hostId] = hosts;
  const leaving = new AbortController();
  const caller = { signal: leaving.signal, deadline: Infinity };
  const request = { hostId, key: undefined, response: answerAsGiven };
  const changed = changeHost({ pool, turns: createTurns(turnLimits) }, request, caller, async ({ run }) => {
    await run({ text: "update users set display_name = 'changed' where id = $1", values: [hostId] });
    leaving.abort(new Error("the caller left"));
    return DONE;
  });
  await expect(changed).rejects.toThrow("the caller left");
  expect((await pool.query("select from users where display_name = 'changed'")).rowCount).toBe(0);
});

test("a caller that leaves while it waits for a permit is told so, and its host's turn is free again", async () => {
  const turns = createTurns(turnLimits);
  const permits = createSemaphore(1);
  const [hostId] = hosts;
  const request = { hostId, key: undefined, response: answerAsGiven };
  await permits.acquire(0, patient.signal);
  const leaving = new AbortController();
  const caller = { signal: leaving.signal, deadline: Infinity };
  const changing = changeHost({ pool, turns }, request, caller, async () => DONE, permits);
  expect(turns.keyCount()).toBe(1);
  setImmediate(() => leaving.abort(new Error("the caller left")));
  await expect(changing).rejects.toThrow("the caller left");
  expect(turns.keyCount()).toBe(0);
});

test("a change that gets no permit in time is refused, and its host's turn is free again", async () => {
  const turns = createTurns(turnLimits);
  const permits = createSemaphore(1);
  const [hostId] = hosts;
  const request = { hostId, key: undefined, response: answerAsGiven };
  const taken = await permits.acquire(0, patient.signal);
  await expect(changeHost({ pool, turns }, request, patient, async () => DONE, permits)).rejects.toMatchObject({
    reason: "BUSY",
    details: { retryAfterMs: 1000 },
  });
  expect(turns.keyCount()).toBe(0);
  taken?.();
  expect(await changeHost({ pool, turns }, request, patient, async () => DONE, permits)).toEqual(DONE);
});
