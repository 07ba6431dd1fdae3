/** Whom a token names: a user's id or external id, at both services, while users change and while a service is away. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { connectClients } from "../support/clients.ts";
import { endingOfConnect } from "../support/endings.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Pair, type Served, startBookingService, startPair } from "../support/pair.ts";
import { createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { guest, host, type Person, tokenSource } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

let pair: Pair;
/** From Booking to Availability. */
let link: Link;
/** Another replica of Booking, which remembers nothing yet. */
let replica: Served;
let pool: Pool;
let hostId: string;
/** A guest, and what its identity provider calls it. */
let guestId: string;
let name: string;

beforeAll(async () => {
  const port = String(await freePort());
  link = await startLink(`http://127.0.0.1:${port}`);
  pair = await startPair({ availability: { CONNECT_PORT: port }, booking: { AVAILABILITY_URL: link.url } });
  pool = poolOf(pair.booking.databaseUrl);
  hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(0), end: tomorrow(24) });
});

beforeEach(async () => {
  replica = await startBookingService(pair.booking.databaseUrl, { AVAILABILITY_URL: link.url });
  name = `auth0|${randomUUID()}`;
  guestId = await createGuestNamed(name);
});

afterEach(async () => {
  link.set("open");
  await replica.stop();
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
  await link.close();
});

test("a guest is itself by its id, in any letters, and by its external id, in its own", async () => {
  for (const subject of [guestId, guestId.toUpperCase(), name]) {
    expect(await callsAs(guest(subject)), subject).toEqual(["OK", "OK"]);
  }
  const others = [name.toUpperCase(), `${name} `, randomUUID(), "nobody"];
  for (const subject of others) expect(await callsAs(guest(subject)), subject).toEqual(refusedTwice);
});

test("a token by external id books for the user's id, and the feed says so", async () => {
  const { bookings } = pair.clientsOf(guest(name));
  const times = { startTime: timestampFromMs(tomorrow(9)), endTime: timestampFromMs(tomorrow(9) + HOUR_MS) };
  const { booking } = await bookings.createBooking({ hostId, guestId, ...times });
  expect(booking?.guestId).toBe(guestId);
  const { rows } = await pool.query("select actor from booking_events where booking_id = $1", [booking?.id]);
  expect(rows).toEqual([{ actor: guestId }]);
});

test("the role is the user's own: a token with another is refused", async () => {
  expect(await callsAs(host(name))).toEqual(refusedTwice);
});

test("who is deactivated may still call, and who is erased may not", async () => {
  await pair.clients.users.deactivateUser({ userId: guestId });
  expect(await callsAs(guest(name))).toEqual(["OK", "OK"]);
  const { complete } = await pair.clients.users.eraseUser({ userId: guestId });
  expect(complete).toBe(true);
  expect([await callsAs(guest(name)), await callsAs(guest(guestId))]).toEqual([refusedTwice, refusedTwice]);
});

describe("an external id that is taken away", () => {
  const other = (): string => `${name}, anew`;

  test("is nobody's at once, at the replica that was told and at both services", async () => {
    expect(await callsAs(guest(name))).toEqual(["OK", "OK"]);
    await pair.clients.users.updateUser({ userId: guestId, externalId: other() });
    await waitFor(async () => expect(await callsAs(guest(name))).toEqual(refusedTwice));
    expect(await callsAs(guest(other()))).toEqual(["OK", "OK"]);
  });

  test("is nobody's at the other replica, which hears of it from the database", async () => {
    expect(await callsAt(replica, guest(name))).toBe("OK");
    await pair.clients.users.updateUser({ userId: guestId, externalId: other() });
    await waitFor(async () => expect(await callsAt(replica, guest(name))).toBe("UNAUTHENTICATED"));
  });

  test("is nobody's at a replica that heard nothing for a while, once it listens again", async () => {
    expect(await callsAt(replica, guest(name))).toBe("OK");
    await pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'booking-feed'");
    await pair.clients.users.updateUser({ userId: guestId, externalId: other() });
    await waitFor(async () => expect(await callsAt(replica, guest(name))).toBe("UNAUTHENTICATED"));
  });
});

describe("while Availability is away", () => {
  test("those who were there before are known", async () => {
    expect(await callsAt(pair.booking, guest(name))).toBe("OK");
    link.set("cut");
    expect(await callsAt(pair.booking, guest(name))).toBe("OK");
  });

  test("of others, only those are known by their ids who were booked or have booked", async () => {
    const times = { startTime: timestampFromMs(tomorrow(12)), endTime: timestampFromMs(tomorrow(13)) };
    await pair.clients.bookings.createBooking({ hostId, guestId, ...times });
    link.set("cut");
    const unknown = [host(guestId), guest(hostId), guest(name), guest(randomUUID())];
    const answers = await Promise.all(unknown.map((person) => callsAt(replica, person)));
    expect(new Set(answers)).toEqual(new Set(["UNAVAILABLE"]));
    const known = [guest(guestId), host(hostId)];
    expect(await Promise.all(known.map((person) => callsAt(replica, person)))).toEqual(["OK", "OK"]);
    // Now their roles are known too.
    const others = [host(guestId), guest(hostId)];
    expect(await Promise.all(others.map((person) => callsAt(replica, person)))).toEqual(refusedTwice);
    link.set("open");
    await waitFor(async () => expect(await callsAt(replica, guest(name))).toBe("OK"));
  });

  test("who was erased is not known", async () => {
    const times = { startTime: timestampFromMs(tomorrow(15)), endTime: timestampFromMs(tomorrow(16)) };
    await pair.clients.bookings.createBooking({ hostId, guestId, ...times });
    expect((await pair.clients.users.eraseUser({ userId: guestId })).complete).toBe(true);
    link.set("cut");
    expect(await callsAt(replica, guest(guestId))).toBe("UNAUTHENTICATED");
  });

  test("who was erased is not known at a replica that did not hear of it, once it listens again", async () => {
    expect(await callsAt(replica, guest(name))).toBe("OK");
    link.set("cut");
    await pool.query(
      "insert into users (user_id, state, version, update_time) values ($1, 'ERASED', 1000000, clock_timestamp())",
      [guestId],
    );
    await pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'booking-feed'");
    await waitFor(async () => expect(await callsAt(replica, guest(name))).toBe("UNAUTHENTICATED"));
  });
});

const refusedTwice = ["UNAUTHENTICATED", "UNAUTHENTICATED"];

/** How a call of the person ends at Availability and at Booking. */
async function callsAs(person: Person): Promise<string[]> {
  const { availability } = pair.clientsOf(person);
  return [await codeOf(availability.getRules({ hostId })), await callsAt(pair.booking, person)];
}

/** The same at a replica of Booking, of a call that needs nothing of Availability. */
async function callsAt(booking: Served, person: Person): Promise<string> {
  const { bookings } = connectClients(pair.availability.connectUrl, booking.connectUrl, tokenSource(person));
  const code = await codeOf(bookings.getBooking({ bookingId: randomUUID() }));
  return code === "NOT_FOUND" ? "OK" : code;
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => "OK",
    (error: unknown) => endingOfConnect(error).code,
  );
}

async function createGuestNamed(externalId: string): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { user } = await pair.clients.users.createUser({ email, displayName: "Somebody", role: Role.USER, externalId });
  if (user === undefined) throw new Error("a user was created and not returned");
  return user.id;
}
