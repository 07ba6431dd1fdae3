/**
 * A primary with a synchronous standby dies under load, and the standby is promoted. The services know both by one URL: no
 * booking that was confirmed is lost, and nobody restarts anything.
 */

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deletePostgres, type Postgres } from "../../services/dev/postgres/start.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { serviceNames } from "../../services/ops/services.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { read } from "../../shared/postgres/read.ts";
import { baseBackup } from "../support/base-backup.ts";
import { keepBooking } from "../support/keeps-booking.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { databaseVariables, runProgram } from "../support/programs.ts";
import { onServer } from "../support/server.ts";
import { violationsIn } from "../support/violations.ts";
import { waitUntil } from "../support/waits.ts";
import { poolOf } from "../support/pool.ts";

const name = `slotwright-failover-${randomBytes(6).toString("hex")}`;
const folders = { primary: join(tmpdir(), `${name}-primary`), standby: join(tmpdir(), `${name}-standby`) };
let primary: Postgres;
let standby: Postgres;
let pair: Pair;

/** Names the standby first: it must be passed over. */
function both(database: string): string {
  const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`;
  return primary.url(database).replace(`127.0.0.1:${primary.port}`, hosts) + "?target_session_attrs=read-write";
}

const urls = () => ({ availability: both("availability"), booking: both("booking") });

beforeAll(async () => {
  primary = await startOwnPostgres({ folder: folders.primary, temporary: false });
  for (const service of serviceNames) {
    await onServer(primary.url("postgres"), (client) => client.query(`create database ${service}`));
    await migrateDatabase(service, primary.url(service));
  }
  await baseBackup(primary.url("postgres"), folders.primary, folders.standby);
  await writeFile(join(folders.standby, "standby.signal"), "");
  const { hostname: host, port, username: user, password } = new URL(primary.url("postgres"));
  standby = await startOwnPostgres({
    folder: folders.standby,
    temporary: false,
    settings: {
      primary_conninfo: `host=${host} port=${port} user=${user} password=${password} application_name=standby`,
    },
  });
  await onServer(primary.url("postgres"), async (client) => {
    await client.query("alter system set synchronous_standby_names = 'standby'");
    await client.query("select pg_reload_conf()");
    await waitUntil(async () => {
      const { rows } = await client.query<{ sync_state: string }>("select sync_state from pg_stat_replication");
      return rows[0]?.sync_state === "sync";
    });
  });
  for (const service of serviceNames) await migrateDatabase(service, both(service));
  pair = await startPair({ databases: urls() });
}, 120_000);

afterAll(async () => {
  await pair.stop();
  await standby.stop();
  for (const folder of Object.values(folders)) await deletePostgres(folder);
}, 60_000);

test("no confirmed booking is lost, the services find the new primary, and the audit finds nothing", async () => {
  const [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  for (let day = 0; day < 1000; day += 200) {
    await openTime(pair.clients, hostId, { start: tomorrow(24 * day), end: tomorrow(24 * (day + 200)) });
  }
  const load = keepBooking(pair.clients, hostId, guestId);
  await waitUntil(() => load.confirmed.length > 100);
  kill(primary.pid, "SIGKILL");
  await primary.ended;
  const before = load.confirmed.length;
  await onServer(standby.url("postgres"), (client) => client.query("select pg_promote()"));
  await waitUntil(() => load.confirmed.length > before + 100);
  await load.stop();
  const pool = poolOf(standby.url("booking"));
  const { rows } = await pool.query<{ id: string }>("select id from bookings where state = 'CONFIRMED'");
  await pool.end();
  const stored = new Set(rows.map(({ id }) => id));
  expect(load.confirmed.filter((id) => !stored.has(id))).toEqual([]);
  expect(stored.size).toBe(load.confirmed.length);
  expect(await violationsIn(urls())).toEqual([]);
  // Programs for operators take the same URLs, with one of the servers gone.
  expect(await runProgram("audit", databaseVariables(urls()))).toMatchObject({ code: 0 });
  expect(await runProgram("migrate", databaseVariables(urls()))).toMatchObject({ code: 0 });
});

test("a service starts while the server that is named second is gone", async () => {
  const another = await startPair({ databases: urls() });
  expect(await createHost(another.clients)).toBeTruthy();
  await another.stop();
});

test("a read whose caller leaves is cancelled on the server that runs it", async () => {
  const options = { entities: bookingTables, migrations: [], poolSize: 2, applicationName: "leaves" };
  const database = await openDatabase({ url: both("booking"), ...options });
  const leaving = new AbortController();
  const reading = read(database.pool, { text: "select pg_sleep(60)" }, { signal: leaving.signal });
  reading.catch(() => undefined);
  const pool = poolOf(standby.url("booking"));
  const isRunning = async (): Promise<boolean> => {
    const { rowCount } = await pool.query(
      "select from pg_stat_activity where application_name = 'leaves' and state = 'active' and query like '%pg_sleep%'",
    );
    return rowCount === 1;
  };
  await waitUntil(isRunning);
  leaving.abort();
  await waitUntil(async () => !(await isRunning()));
  await expect(reading).rejects.toBe(leaving.signal.reason);
  await pool.end();
  await database.close();
});
