/** Nothing that is secret, or that is about people, gets into the logs, after good calls and bad ones and at the most talkative level. */

import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availabilityConfig } from "../../services/availability/config.ts";
import { startAvailability } from "../../services/availability/service.ts";
import { bookingConfig } from "../../services/booking/config.ts";
import { startBooking } from "../../services/booking/service.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { openLog } from "../../shared/log.ts";
import type { Running } from "../../shared/service/run-service.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { variables } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { assertNoSecretsIn, PRIVATE_WORDS, secretsIn } from "../support/secrets.ts";
import { onServer } from "../support/server.ts";
import { admin, guest, tokenOf } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

let log = "";
const sink = new Writable({
  write(line: Buffer, _encoding, done) {
    log += line.toString();
    done();
  },
});
const logger = openLog({ name: "pair", level: "trace" }, sink);

let databases: readonly TestDatabase[];
let running: { readonly availability: Running; readonly booking: Running };
let urls: readonly [string, string];
let tokens: string[];

beforeAll(async () => {
  databases = [await createDatabase("availability"), await createDatabase("booking")];
  const port = await freePort();
  const availability = await startAvailability(
    availabilityConfig({
      ...(await variables("availability", databases[0]!.url)),
      BOOKING_URL: `http://127.0.0.1:${port}`,
    }),
    logger,
  );
  const availabilityUrl = `http://127.0.0.1:${availability.connectPort}`;
  const booking = await startBooking(
    bookingConfig({
      ...(await variables("booking", databases[1]!.url)),
      CONNECT_PORT: String(port),
      AVAILABILITY_URL: availabilityUrl,
    }),
    logger,
  );
  running = { availability, booking };
  urls = [availabilityUrl, `http://127.0.0.1:${port}`];
  tokens = [];
});

afterAll(async () => {
  await running.booking.stop();
  await running.availability.stop();
  await Promise.all(databases.map((database) => database.drop()));
});

test("the log of a busy pair, of its refusals and of its database's end holds no secret", async () => {
  const clients = await clientsWith(await tokenOf(admin));
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  await openTime(clients, hostId, { start: tomorrow(8), end: tomorrow(16) });
  const times = { startTime: timestampFromMs(tomorrow(9)), endTime: timestampFromMs(tomorrow(10)) };
  const email = `very-secret-${randomUUID()}@example.com`;

  await busy(clients, hostId, guestId, times, email);
  await busy(await clientsWith(await tokenOf(guest(guestId))), hostId, guestId, times, email);
  await busy(await clientsWith((await tokenOf(admin)).slice(0, -9)), hostId, guestId, times, email);
  // What the driver reports of a statement that fails has the statement in it, and the rows.
  for (const [index, table] of ["users", "bookings"].entries()) {
    await onServer(databases[index]!.url, (client) => client.query(`alter table ${table} rename to gone`));
  }
  await busy(clients, hostId, guestId, times, email);
  await waitFor(() => expect(log).toContain("42P01"));
  // What the driver reports of a database that has gone names hosts, users and statements.
  await Promise.all(databases.map((database) => database.drop()));
  await busy(clients, hostId, guestId, times, email);
  await waitFor(() => expect(log).toContain('"level":50'));

  const secrets = [
    ...tokens.flatMap((token) => [token, ...token.split(".").filter((part) => part.length > 40)]),
    ...databases.flatMap(({ url }) => [url, new URL(url).password].filter((text) => text !== "")),
    "Somebody",
  ];
  for (const secret of secrets) expect(log.includes(secret), secret).toBe(false);
  expect(log.split("\n").flatMap(secretsIn)).toEqual([]);
});

describe("the search through the logs of all tests, when they are over,", () => {
  const lines: readonly (readonly [what: string, line: string])[] = [
    ["a token", `{"token":"eyJhbGciOiJFZERTQSJ9.e30.c2ln"}`],
    ["an authorization header", `{"headers":{"authorization":"Bearer abc"}}`],
    ["an e-mail address", `{"err":{"message":"Key (email)=(ada@example.com) already exists."}}`],
    ["what was said of a booking", `{"err":{"message":"Key (external_id)=(${PRIVATE_WORDS} 7) already exists."}}`],
    ["a connection string", `{"url":"postgres://me:secret@localhost/booking"}`],
    ["a private key", `{"key":{"kty":"OKP","d":"c2VjcmV0"}}`],
    ["a private key", `{"key":"-----BEGIN PRIVATE KEY-----"}`],
    ["a private key", `{"msg":"{\\"kty\\":\\"OKP\\",\\"d\\":\\"c2VjcmV0\\"}"}`],
    ["SQL", `{"err":{"message":"select id from users where email = $1"}}`],
  ];
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "slotwright-search-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(lines)("finds %s, and names file and line", async (what, line) => {
    const file = join(folder, "found.log");
    await writeFile(file, `{"msg":"call"}\n${line}\n`);
    await expect(assertNoSecretsIn(folder)).rejects.toThrow(`1 secrets in the logs:\n${file}:2 has ${what}`);
    await rm(file);
  });

  test("finds nothing in what services do log", async () => {
    const usual = `{"level":30,"method":"booking.v1.BookingService/CreateBooking","code":"OK","duration_ms":3.2}`;
    await writeFile(join(folder, "usual.log"), `${usual}\n{"msg":"started","grpcPort":1}\nBearer of news\n`);
    await expect(assertNoSecretsIn(folder)).resolves.toBeUndefined();
  });
});

async function clientsWith(token: string): Promise<Clients> {
  tokens.push(token);
  return connectClients(...urls, async () => token);
}

/** Some calls of every kind, however they end. */
async function busy(
  { users, availability, bookings }: Clients,
  hostId: string,
  guestId: string,
  times: { startTime: ReturnType<typeof timestampFromMs>; endTime: ReturnType<typeof timestampFromMs> },
  email: string,
): Promise<void> {
  const limit = { timeoutMs: 20_000 };
  const said = {
    externalId: `${PRIVATE_WORDS} 1`,
    note: PRIVATE_WORDS,
    labels: { [PRIVATE_WORDS]: PRIVATE_WORDS },
  };
  const calls = [
    () => users.createUser({ email, displayName: "Somebody", role: Role.USER }, limit),
    () => users.createUser({ email: `${email}'; drop table users`, displayName: "Somebody\0", role: Role.HOST }, limit),
    () => users.getUser({ userId: guestId }, limit),
    () => users.listUsers({}, limit),
    () => availability.addAvailability({ hostId, ...times, slotDurationMinutes: 30 }, limit),
    () => bookings.createBooking({ hostId, guestId, ...times, ...said, requestId: randomUUID() }, limit),
    () => bookings.createBooking({ hostId, guestId, ...times, ...said }, limit),
    () => bookings.createBooking({ hostId, guestId, ...times, ...said, note: `${PRIVATE_WORDS}\0` }, limit),
    () => bookings.listBookings({ hostId, pageToken: email }, limit),
    () => bookings.listBookings({ guestId }, limit),
    () => bookings.listBookings({ guestId, label: `${PRIVATE_WORDS}=${PRIVATE_WORDS}` }, limit),
    () => bookings.cancelBooking({ bookingId: randomUUID(), etag: email, reason: PRIVATE_WORDS }, limit),
    async () => {
      const called = await bookings.listBookings({ hostId, externalId: said.externalId }, limit);
      for (const { id: bookingId } of called.bookings)
        await bookings.cancelBooking({ bookingId, reason: PRIVATE_WORDS, requestId: randomUUID() }, limit);
    },
    () => availability.removeAvailability({ hostId, ...times }, limit),
  ];
  for (const call of calls) await call().catch(() => undefined);
}
