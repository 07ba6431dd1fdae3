/** Whatever is wrong with a call: the right answer, nothing stored, and the services go on. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { statusOf } from "../../shared/errors.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { badBodies, badCalls } from "../support/bad-bodies.ts";
import { availability } from "../support/bad-requests/availability.ts";
import { bookings } from "../support/bad-requests/bookings.ts";
import { creates } from "../support/bad-requests/creates.ts";
import type { Known } from "../support/bad-requests/row.ts";
import { rules } from "../support/bad-requests/rules.ts";
import { users } from "../support/bad-requests/users.ts";
import { weeklyHours } from "../support/bad-requests/weekly-hours.ts";
import { contentsOf } from "../support/contents.ts";
import { doorNames, type Doors, openDoors } from "../support/doors.ts";
import { endingOfConnect, endingOfHttp, fieldsIn, reasonIn } from "../support/endings.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { admin, authorizationOf, type Person, service, tokenOf } from "../support/tokens.ts";

let pair: Pair;
let doors: Readonly<Record<"admin" | "peer", Readonly<Record<"availability" | "booking", Doors>>>>;
let pools: readonly Pool[];
let known: Known;
let before: unknown;

beforeAll(async () => {
  pair = await startPair();
  doors = { admin: await doorsOf(admin, admin), peer: await doorsOf(service("booking"), service("availability")) };
  pools = [poolOf(pair.availability.databaseUrl), poolOf(pair.booking.databaseUrl)];
  known = await prepare(pair);
  before = await stored();
});

afterAll(async () => {
  for (const { availability: first, booking: second } of Object.values(doors)) {
    first.close();
    second.close();
  }
  await Promise.all(pools.map((pool) => pool.end()));
  await pair.stop();
});

afterEach(nothingHappened);

describe.each(doorNames)("through %s", (name) => {
  test.each([...users, ...availability, ...weeklyHours, ...rules, ...creates, ...bookings])(
    "$what is $reason $fields",
    async ({ service: to, caller, send, reason, fields }) => {
      const ending = await send(doors[caller][to].through[name], known);
      expect({ code: ending.code, reason: reasonIn(ending), fields: fieldsIn(ending) }).toEqual({
        code: statusOf[reason],
        reason,
        fields: name === "Connect JSON" ? fields.map(inJson) : fields,
      });
      expect(ending.details["google.rpc.ErrorInfo"]?.["domain"]).toBe(`${to}.v1`);
    },
  );
});

describe("as JSON", () => {
  test.each(badBodies)("$what is INVALID_REQUEST $fields", async ({ path, body, fields }) => {
    const { connectUrl } = path.startsWith("/booking.v1") ? pair.booking : pair.availability;
    const headers = { "content-type": "application/json", ...(await authorizationOf(admin)) };
    const answer = await fetch(connectUrl + path, { method: "POST", headers, body: body(known) });
    expect(answer.status).toBe(400);
    const ending = await endingOfHttp(answer);
    expect({ code: ending.code, reason: reasonIn(ending), fields: fieldsIn(ending) }).toEqual({
      code: "INVALID_ARGUMENT",
      reason: "INVALID_REQUEST",
      fields,
    });
  });
});

describe("on the wire", () => {
  test.each(badCalls)("$what answers $code", async ({ send, code }) => {
    expect(await send(pair.availability, known)).toBe(code);
  });
});

describe("a feed", () => {
  test.each([
    ["of nobody in particular", { hostId: "" }, "INVALID_REQUEST", ["host_id"]],
    ["after sequence -1", { afterSequence: -1n }, "INVALID_REQUEST", ["after_sequence"]],
    ["after a sequence to come", { afterSequence: 1_000n }, "SEQUENCE_UNKNOWN", []],
  ] as const)("%s is refused", async (_what, request, reason, fields) => {
    const stream = pair.clients.bookings.watchBookings({ hostId: known.hostId, ...request });
    const ending = await stream[Symbol.asyncIterator]()
      .next()
      .then(() => undefined, endingOfConnect);
    if (ending === undefined) throw new Error("the stream was not refused");
    expect([ending.code, reasonIn(ending), fieldsIn(ending)]).toEqual([statusOf[reason], reason, fields]);
  });
});

/** How a client names a field that sends what `toJson` makes. */
function inJson(field: string): string {
  return field
    .replace("slot_duration_minutes", "slotDuration")
    .replaceAll(/_./g, (letters) => letters.slice(1).toUpperCase());
}

async function doorsOf(toAvailability: Person, toBooking: Person) {
  return {
    availability: openDoors(pair.availability, await tokenOf(toAvailability)),
    booking: openDoors(pair.booking, await tokenOf(toBooking)),
  };
}

/** Nothing was stored, and both services answer. */
async function nothingHappened(): Promise<void> {
  expect(await stored()).toEqual(before);
  const { hostId } = known;
  expect((await pair.clients.users.getUser({ userId: hostId })).user?.id).toBe(hostId);
  expect((await pair.clients.bookings.listOpenSlots({ hostId, pageSize: 1 })).slots).toHaveLength(1);
}

async function stored(): Promise<unknown> {
  return Promise.all(pools.map(contentsOf));
}

async function prepare({ clients }: Pair): Promise<Known> {
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  const email = "taken@example.com";
  await clients.users.createUser({ email, displayName: "Taken", role: Role.USER });
  for (const day of [-72, 0]) await openTime(clients, hostId, { start: tomorrow(day + 8), end: tomorrow(day + 16) });
  const at = (hour: number) => timestampFromMs(tomorrow(0) + hour * HOUR_MS);
  const book = (start: number, externalId = "") =>
    clients.bookings.createBooking({ hostId, guestId, startTime: at(start), endTime: at(start + 0.5), externalId });
  const externalId = "taken";
  const bookingId = (await book(8, externalId)).booking?.id ?? "";
  await book(12);
  const { nextPageToken: pageToken } = await clients.bookings.listBookings({ hostId, pageSize: 1 });
  return { hostId, guestId, bookingId, externalId, email, pageToken, at };
}
