/** What HOST and USER see of others: GetUser and ListUsers. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Role, type User, UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import type { Clients } from "../support/clients.ts";
import { hours } from "../support/hosts-time.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { guest, host, service } from "../support/tokens.ts";

let pair: Pair;
/** Between Availability and Booking. */
let link: Link;
let hostId: string;
let guestId: string;
let asHost: Clients["users"];
let asGuest: Clients["users"];

beforeAll(async () => {
  const port = await freePort();
  link = await startLink(`http://127.0.0.1:${port}`);
  pair = await startPair({ availability: { BOOKING_URL: link.url }, booking: { CONNECT_PORT: String(port) } });
});
afterAll(async () => {
  await pair.stop();
  await link.close();
});

beforeEach(async () => {
  link.set("open");
  [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  [asHost, asGuest] = [pair.clientsOf(host(hostId)).users, pair.clientsOf(guest(guestId)).users];
});

async function book(start = 8): Promise<string> {
  await openTime(pair.clients, hostId, hours(start, start + 1));
  const { start: from, end } = hours(start, start + 0.5);
  const times = { startTime: timestampFromMs(from), endTime: timestampFromMs(end) };
  return (await pair.clients.bookings.createBooking({ hostId, guestId, ...times })).booking!.id;
}

const wholeOf = async (userId: string): Promise<User> => (await pair.clients.users.getUser({ userId })).user!;

/** What is left of a user for others. */
function reduced({ $typeName, id, displayName, role, state }: User) {
  return { $typeName, id, displayName, role, state, email: "", externalId: "", etag: "" };
}

describe("GetUser", () => {
  test("shows everybody itself as it is, in whatever letter case it writes its id", async () => {
    expect((await asHost.getUser({ userId: hostId })).user).toEqual(await wholeOf(hostId));
    expect((await asGuest.getUser({ userId: guestId.toUpperCase() })).user).toEqual(await wholeOf(guestId));
  });

  test("shows every host to everybody: its name, and no address", async () => {
    const [other, whole] = [await createHost(pair.clients), await wholeOf(hostId)];
    const expected = reduced(whole);
    expect((await asGuest.getUser({ userId: hostId })).user).toEqual(expected);
    expect((await pair.clientsOf(host(other)).users.getUser({ userId: hostId })).user).toEqual(expected);
    // Booking has no use for an address.
    expect((await pair.clientsOf(service("booking")).users.getUser({ userId: hostId })).user).toEqual(expected);
  });

  test("shows a host the guests of its bookings, also of those that are cancelled, and to no other host", async () => {
    const other = pair.clientsOf(host(await createHost(pair.clients))).users;
    expect(await outcomeOf(asHost.getUser({ userId: guestId }))).toBe("USER_NOT_FOUND");
    const bookingId = await book();
    const expected = reduced(await wholeOf(guestId));
    expect((await asHost.getUser({ userId: guestId })).user).toEqual(expected);
    await pair.clients.bookings.cancelBooking({ bookingId });
    expect((await asHost.getUser({ userId: guestId })).user).toEqual(expected);
    expect(await outcomeOf(other.getUser({ userId: guestId }))).toBe("USER_NOT_FOUND");
  });

  test("shows no guest to a guest", async () => {
    const other = await createGuest(pair.clients);
    expect(await outcomeOf(asGuest.getUser({ userId: other }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(asGuest.getUser({ userId: randomUUID() }))).toBe("USER_NOT_FOUND");
  });

  test("shows the state of a host, and of an erased one no name", async () => {
    await pair.clients.users.deactivateUser({ userId: hostId });
    expect((await asGuest.getUser({ userId: hostId })).user).toMatchObject({ state: UserState.DEACTIVATED });
    await pair.clients.users.eraseUser({ userId: hostId });
    expect((await asGuest.getUser({ userId: hostId })).user).toMatchObject({
      state: UserState.ERASED,
      displayName: "",
    });
  });

  test("tells a host as little about strangers while Booking is out of reach: who is there is not told apart", async () => {
    const other = await createGuest(pair.clients);
    link.set("cut");
    expect(await outcomeOf(asHost.getUser({ userId: other }))).toBe("PEER_UNAVAILABLE");
    expect(await outcomeOf(asHost.getUser({ userId: randomUUID() }))).toBe("PEER_UNAVAILABLE");
    // Nobody else needs Booking for that.
    expect(await outcomeOf(asHost.getUser({ userId: hostId }))).toBe("accepted");
    expect(await outcomeOf(asGuest.getUser({ userId: hostId }))).toBe("accepted");
    expect(await outcomeOf(asGuest.getUser({ userId: other }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(pair.clients.users.getUser({ userId: other }))).toBe("accepted");
  });
});

describe("ListUsers", () => {
  test("shows active hosts only, as GetUser shows them, page by page", async () => {
    const [second, third] = [await createHost(pair.clients), await createHost(pair.clients)];
    await pair.clients.users.deactivateUser({ userId: second });
    for (const [users, own] of [
      [asHost, hostId],
      [asGuest, guestId],
    ] as const) {
      const shown: User[] = [];
      let pageToken = "";
      do {
        const page = await users.listUsers({ pageSize: 2, pageToken });
        shown.push(...page.users);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      const ids = shown.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted());
      expect([ids.includes(hostId), ids.includes(second), ids.includes(third)]).toEqual([true, false, true]);
      for (const user of shown) {
        const whole = await wholeOf(user.id);
        expect(user).toEqual(user.id === own ? whole : reduced(whole));
        expect(user).toMatchObject({ role: Role.HOST, state: UserState.ACTIVE });
      }
    }
  });

  test("refuses a list of guests, rather than to show that there are none", async () => {
    expect(await outcomeOf(asHost.listUsers({ role: Role.USER }))).toBe("NOT_YOUR_OWN");
    expect(await outcomeOf(asGuest.listUsers({ role: Role.USER }))).toBe("NOT_YOUR_OWN");
    expect(await outcomeOf(asGuest.listUsers({ role: Role.HOST }))).toBe("accepted");
  });

  test("takes no page token of a list that only an administrator may have", async () => {
    const { nextPageToken: pageToken } = await pair.clients.users.listUsers({ role: Role.HOST, pageSize: 1 });
    expect(await outcomeOf(asGuest.listUsers({ role: Role.HOST, pageSize: 1, pageToken }))).toBe("INVALID_REQUEST");
  });
});

test("a user changes its own name, but neither its address nor by what its tokens are known", async () => {
  const { users } = pair.clientsOf(guest(guestId));
  const { user } = await users.updateUser({ userId: guestId, displayName: "Bob" });
  expect(user).toEqual(await wholeOf(guestId));
  expect(user).toMatchObject({ displayName: "Bob" });
  expect(await outcomeOf(users.updateUser({ userId: guestId, externalId: "x" }))).toBe("NOT_YOUR_OWN");
  // Neither does the answer tell whose an address is.
  const { email } = await wholeOf(hostId);
  expect(await outcomeOf(users.updateUser({ userId: guestId, email }))).toBe("NOT_YOUR_OWN");
  expect(await outcomeOf(users.updateUser({ userId: guestId, email: "free@example.org" }))).toBe("NOT_YOUR_OWN");
  const own = (await wholeOf(guestId)).email;
  expect(await outcomeOf(users.updateUser({ userId: guestId, email: own, displayName: "Bob B." }))).toBe("accepted");
  const updateMask = { paths: ["external_id"] };
  expect(await outcomeOf(users.updateUser({ userId: guestId, updateMask }))).toBe("accepted");
  const externalId = randomUUID();
  await pair.clients.users.updateUser({ userId: guestId, externalId });
  expect(await outcomeOf(users.updateUser({ userId: guestId, updateMask }))).toBe("NOT_YOUR_OWN");
  expect(await outcomeOf(users.updateUser({ userId: guestId, externalId, displayName: "Bob" }))).toBe("accepted");
  const masked = { externalId: "x", displayName: "Bob B.", updateMask: { paths: ["display_name"] } };
  expect(await outcomeOf(users.updateUser({ userId: guestId, ...masked }))).toBe("accepted");
});
