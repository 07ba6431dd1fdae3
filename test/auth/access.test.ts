/** Who may do what: the whole table, by every kind of caller, over both protocols. */

import { randomUUID } from "node:crypto";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { DAY_MS } from "../../shared/time-units.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { type Caller, callers, type World } from "../support/access-rows.ts";
import { rules, slots, tables } from "../support/access-table.ts";
import { type Clients, clientsOver } from "../support/clients.ts";
import { contentsOf } from "../support/contents.ts";
import { type Ending, endingOfConnect } from "../support/endings.ts";
import { type Pair, type Served, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { waitUntil } from "../support/waits.ts";
import { admin, authorizationOf, guest, host, type Person, service, tokenOf } from "../support/tokens.ts";

const protocols = ["gRPC", "Connect"] as const;
type Protocol = (typeof protocols)[number];

let pair: Pair;
let pools: readonly Pool[];
let world: World;
let people: Readonly<Record<Exclude<Caller, "nobody">, Person>>;

beforeAll(async () => {
  pair = await startPair();
  pools = [poolOf(pair.availability.databaseUrl), poolOf(pair.booking.databaseUrl)];
  const { clients } = pair;
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  await openTime(clients, hostId, { start: tomorrow(0), end: tomorrow(0) + 30 * DAY_MS });
  world = { hostId, guestId, clients, nextSlot: slots() };
  people = {
    host: host(hostId),
    "another host": host(await createHost(clients)),
    guest: guest(guestId),
    "another guest": guest(await createGuest(clients)),
    admin,
    booking: service("booking"),
    availability: service("availability"),
  };
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await pair.stop();
});

test("the table has every method of every service", () => {
  const methods = [UserService, AvailabilityService, BookingService, FenceService].flatMap((each) =>
    Object.keys(each.method),
  );
  expect(Object.values(tables).flatMap((table) => Object.keys(table))).toEqual(methods);
});

describe.each(protocols)("over %s", (protocol) => {
  describe.each(rules)("$name", ({ expected, call }) => {
    test.each(callers)("by %s", async (caller) => {
      const send = await call(world);
      const clients = await clientsFor(caller, protocol);
      await waitUntil(allTold);
      const before = await stored();
      const { code } = await endingOf(send(clients));
      expect(code).toBe(expected[caller]);
      if (code !== "OK") expect(await stored()).toEqual(before);
    });
  });
});

describe("what exists is not told to strangers", () => {
  test.each(protocols)("another's booking is, byte for byte, one that does not exist, over %s", async (protocol) => {
    const { hostId, guestId, nextSlot } = world;
    const hold = { hostId, guestId, ...nextSlot(), holdSeconds: 600 };
    const { booking } = await pair.clients.bookings.createBooking(hold);
    const ids = { another: booking!.id, missing: randomUUID() };
    for (const caller of ["another guest", "another host"] as const) {
      const { bookings } = await clientsFor(caller, protocol);
      for (const ask of [
        (bookingId: string) => bookings.getBooking({ bookingId }),
        (bookingId: string) => bookings.confirmBooking({ bookingId, etag: '"wrong"', requestId: randomUUID() }),
        (bookingId: string) => bookings.cancelBooking({ bookingId, etag: '"wrong"', requestId: randomUUID() }),
        (bookingId: string) => bookings.rescheduleBooking({ bookingId, ...nextSlot(), requestId: randomUUID() }),
      ]) {
        const [another, missing] = [await endingOf(ask(ids.another)), await endingOf(ask(ids.missing))];
        expect(JSON.stringify(another).replaceAll(ids.another, ids.missing)).toBe(JSON.stringify(missing));
      }
    }
  });

  test.each(protocols)("another guest is, byte for byte, one that does not exist, over %s", async (protocol) => {
    const ids = { another: await createGuest(pair.clients), missing: randomUUID() };
    for (const caller of ["guest", "host"] as const) {
      const { users } = await clientsFor(caller, protocol);
      const [another, missing] = [
        await endingOf(users.getUser({ userId: ids.another })),
        await endingOf(users.getUser({ userId: ids.missing })),
      ];
      expect(another.code).toBe("NOT_FOUND");
      expect(JSON.stringify(another).replaceAll(ids.another, ids.missing)).toBe(JSON.stringify(missing));
    }
  });

  test("an id that a caller must not change is refused whether somebody has it or not", async () => {
    const { users } = await clientsFor("guest", "gRPC");
    const [another, missing] = [world.hostId, randomUUID()].map((userId) =>
      endingOf(users.updateUser({ userId, displayName: "Mine" })),
    );
    expect(await another).toEqual(await missing);
    expect((await another)?.code).toBe("PERMISSION_DENIED");
  });

  test("a page token of another's list is no way in", async () => {
    const { hostId, guestId } = world;
    const { nextPageToken: pageToken } = await pair.clients.bookings.listBookings({ hostId, guestId, pageSize: 1 });
    expect(pageToken).not.toBe("");
    const { bookings } = await clientsFor("another guest", "Connect");
    const { subject } = people["another guest"];
    const asked = [
      { hostId, guestId, pageToken },
      { guestId: subject, pageToken },
      { hostId, guestId: subject, pageToken },
    ].map((request) => endingOf(bookings.listBookings(request)));
    expect((await Promise.all(asked)).map(({ code }) => code)).toEqual([
      "PERMISSION_DENIED",
      "INVALID_ARGUMENT",
      "INVALID_ARGUMENT",
    ]);
  });

  test("a guest who lists bookings with a host does not learn how much else happens there", async () => {
    const { hostId, guestId } = world;
    const own = await clientsFor("guest", "Connect");
    expect((await own.bookings.listBookings({ hostId, guestId })).sequence).toBeUndefined();
    const hosts = await clientsFor("host", "Connect");
    expect((await hosts.bookings.listBookings({ hostId, guestId })).sequence).toBeGreaterThan(0n);
  });
});

describe("nobody's body is read before it is known who sends it", () => {
  const path = "/availability.v1.UserService/CreateUser";

  async function send(headers: Record<string, string>): Promise<Response> {
    return fetch(pair.availability.connectUrl + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: "this is not JSON",
    });
  }

  test("without a token", async () => {
    const answer = await send({});
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  });

  test("with a role that may not call the method", async () => {
    expect((await send(await authorizationOf(people.host))).status).toBe(403);
    expect((await send(await authorizationOf(admin))).status).toBe(400);
  });
});

test("an id is the same in capital letters", async () => {
  const { hostId } = world;
  const { bookings } = pair.clientsOf(host(hostId.toUpperCase()));
  expect((await endingOf(bookings.listBookings({ hostId: hostId.toUpperCase() }))).code).toBe("OK");
});

async function clientsFor(caller: Caller, protocol: Protocol): Promise<Clients> {
  return clientsOver(
    await transportFor(caller, protocol, "availability"),
    await transportFor(caller, protocol, "booking"),
  );
}

/** Each service's own transport: the token of a service names whom it is for. */
async function transportFor(caller: Caller, protocol: Protocol, to: "availability" | "booking"): Promise<Transport> {
  const token = caller === "nobody" ? undefined : await tokenOf(people[caller], { audience: to });
  const interceptors = token === undefined ? [] : [bearer(async () => token)];
  const { grpcAddress, connectUrl }: Served = pair[to];
  return protocol === "gRPC"
    ? createGrpcTransport({ baseUrl: `http://${grpcAddress}`, interceptors })
    : createConnectTransport({ baseUrl: connectUrl, httpVersion: "2", interceptors });
}

async function endingOf(answer: Promise<unknown>): Promise<Ending> {
  return answer.then(() => ({ code: "OK", message: "", details: {} }), endingOfConnect);
}

/** Whether Booking has been told of all users: what is still to be told changes the database when it is. */
async function allTold(): Promise<boolean> {
  return (await pools[0]?.query("select from users where told_version < version"))?.rowCount === 0;
}

async function stored(): Promise<unknown> {
  return Promise.all(pools.map(contentsOf));
}
