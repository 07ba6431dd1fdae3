/**
 * A base backup, an archive of the write-ahead log, and a moment: both databases, which lie on one server, are brought back to
 * it. As `docs/operations.md` says, except that the base backup is made by the server's functions.
 */

import { randomBytes } from "node:crypto";
import { appendFile, chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deletePostgres, type Postgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { serviceNames } from "../../services/ops/services.ts";
import { baseBackup } from "../support/base-backup.ts";
import { keepBooking } from "../support/keeps-booking.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { databaseVariables, runProgram } from "../support/programs.ts";
import { outcomeOf } from "../support/refusals.ts";
import { onServer } from "../support/server.ts";
import { waitUntil } from "../support/waits.ts";

const name = `slotwright-recovery-${randomBytes(6).toString("hex")}`;
const [folder, restored, archive] = ["data", "restored", "archive"].map((each) =>
  join(tmpdir(), `${name}-${each}`),
) as [string, string, string];
let postgres: Postgres;
let pair: Pair;

const urls = () => ({ availability: postgres.url("availability"), booking: postgres.url("booking") });

beforeAll(async () => {
  await mkdir(archive);
  // The server runs as another account where the tests are root.
  await chmod(archive, 0o777);
  postgres = await startOwnPostgres({
    folder,
    temporary: false,
    settings: { archive_mode: "on", archive_command: `cp %p ${archive}/%f` },
  });
  for (const service of serviceNames) {
    await onServer(postgres.url("postgres"), (client) => client.query(`create database ${service}`));
    await migrateDatabase(service, postgres.url(service));
  }
  pair = await startPair({ databases: urls() });
}, 120_000);

afterAll(async () => {
  await pair.stop();
  await postgres.stop();
  for (const each of [folder, restored]) await deletePostgres(each);
  await rm(archive, { recursive: true });
}, 60_000);

/** What the server's clock shows, and returns when it shows something later. */
async function now(): Promise<string> {
  return onServer(postgres.url("postgres"), async (client) => {
    const { rows } = await client.query<{ now: string }>("select clock_timestamp()::text as now");
    const then = rows[0]!.now;
    await waitUntil(async () => (await client.query("select where clock_timestamp() > $1", [then])).rowCount === 1);
    return then;
  });
}

async function stored(): Promise<string[]> {
  return onServer(postgres.url("booking"), async (client) => {
    const { rows } = await client.query<{ id: string }>("select id from bookings where state = 'CONFIRMED'");
    return rows.map(({ id }) => id);
  });
}

test("what was booked until the moment is there, what was booked later is not, and the two databases agree", async () => {
  const [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  for (let day = 0; day < 600; day += 200) {
    await openTime(pair.clients, hostId, { start: tomorrow(24 * day), end: tomorrow(24 * (day + 200)) });
  }
  const load = keepBooking(pair.clients, hostId, guestId);
  await waitUntil(() => load.confirmed.length > 20);
  await baseBackup(postgres.url("postgres"), folder, restored);
  await waitUntil(() => load.confirmed.length > 60);
  const until = load.confirmed.length;
  const moment = await now();
  const sure = load.confirmed.slice(0, until);
  const perhaps = load.confirmed.length;
  // Time that a booking after the moment lies in, and none before it.
  const later = { start: tomorrow(24 * 900), end: tomorrow(24 * 900 + 1) };
  await openTime(pair.clients, hostId, later);
  const times = { startTime: timestampFromMs(later.start), endTime: timestampFromMs(later.end) };
  const { booking: undone } = await pair.clients.bookings.createBooking({ hostId, guestId, ...times });
  await waitUntil(() => load.confirmed.length > perhaps + 20);
  await load.stop();
  const lost = load.confirmed.slice(-1);

  await onServer(postgres.url("postgres"), (client) => client.query("select pg_switch_wal()"));
  await postgres.stop();
  await writeFile(join(restored, "recovery.signal"), "");
  await appendFile(
    join(restored, "postgresql.auto.conf"),
    [
      `restore_command = 'cp ${archive}/%f %p'`,
      `recovery_target_time = '${moment}'`,
      "recovery_target_action = 'promote'",
      "default_transaction_read_only = on",
      "",
    ].join("\n"),
  );
  // Where the services look for it: they run on, and must take it for out of reach until the command has run.
  postgres = await startOwnPostgres({ folder: restored, port: postgres.port, temporary: false });
  await waitUntil(() =>
    onServer(postgres.url("postgres"), async (client) => {
      const { rows } = await client.query<{ done: boolean }>("select not pg_is_in_recovery() as done");
      return rows[0]?.done === true;
    }),
  );
  expect(await outcomeOf(pair.clients.bookings.createBooking({ hostId, guestId, ...times }))).toBe("BUSY");
  const ended = await runProgram("after-restore", databaseVariables(urls()));
  expect([ended.code, ended.stdout.split("\n").at(-2)]).toEqual([0, "audit: no violation found"]);
  await onServer(postgres.url("postgres"), async (client) => {
    await client.query("alter system reset default_transaction_read_only");
    await client.query("select pg_reload_conf()");
  });

  const there = new Set(await stored());
  expect(sure.filter((id) => !there.has(id))).toEqual([]);
  expect([undone!.id, ...lost].filter((id) => there.has(id))).toEqual([]);
  // The replica has booked in that hour and remembers it as open.
  await waitUntil(async () => {
    const outcome = await outcomeOf(pair.clients.bookings.createBooking({ hostId, guestId, ...times })).catch(() => "");
    return outcome === "OUTSIDE_AVAILABILITY";
  });
  expect(await runProgram("audit", databaseVariables(urls()))).toMatchObject({ code: 0 });
});
