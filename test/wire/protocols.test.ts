/** One service, many protocols: the same call has the same effect and the same ending through each of them. */

import { randomUUID } from "node:crypto";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { doorNames, type Doors, openDoors } from "../support/doors.ts";
import { type Ending, endingOfHttp, fieldsIn, reasonIn } from "../support/endings.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, authorizationOf, tokenOf } from "../support/tokens.ts";

let pair: Pair;
let doors: Doors;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  doors = openDoors(pair.booking, await tokenOf(admin));
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(16) });
});

afterAll(async () => {
  doors.close();
  await pair.stop();
});

const { createBooking, getBooking } = BookingService.method;

function slotAt(hour: number) {
  const start = tomorrow(hour);
  return { hostId, guestId, startTime: timestampFromMs(start), endTime: timestampFromMs(start + HOUR_MS / 2) };
}

/** What each door answers to the same call, one after the other. */
async function throughAll(ask: (through: Doors["through"][(typeof doorNames)[number]]) => Promise<Ending>) {
  const endings: Ending[] = [];
  for (const name of doorNames) endings.push(await ask(doors.through[name]));
  return endings;
}

describe("the same call through every door", () => {
  test("one create, sent through all of them with one request_id, is one booking and one answer", async () => {
    const request = { ...slotAt(8), requestId: randomUUID() };
    const endings = await throughAll((door) => door(createBooking, request));
    expect(endings.map(({ code }) => code)).toEqual(doorNames.map(() => "OK"));
    for (const { answer } of endings) expect(answer).toEqual(endings[0]?.answer);
    const { bookings } = await pair.clients.bookings.listBookings({ hostId, startTime: request.startTime });
    expect(bookings).toHaveLength(1);
  });

  test.each([
    ["a slot that is taken", () => slotAt(8), "ABORTED", "SLOT_TAKEN"],
    ["an unknown host", () => ({ ...slotAt(9), hostId: randomUUID() }), "NOT_FOUND", "USER_NOT_FOUND"],
    ["two bad fields", () => ({ ...slotAt(9), hostId: "x", guestId: "" }), "INVALID_ARGUMENT", "INVALID_REQUEST"],
  ] as const)("%s is refused with the same code, message and details", async (_what, requestOf, code, reason) => {
    const request = requestOf();
    const endings = await throughAll((door) => door(createBooking, request));
    expect([endings[0]?.code, endings[0] && reasonIn(endings[0])]).toEqual([code, reason]);
    expect(endings[0]?.details).not.toEqual({});
    // JSON names fields in its own way: test/gateway/named-fields.test.ts.
    const inJson = endings[doorNames.indexOf("Connect JSON")];
    for (const ending of endings) {
      const fields = fieldsIn(ending).map((field) =>
        field.replaceAll(/_./g, (letters) => letters.slice(1).toUpperCase()),
      );
      expect([ending.code, reasonIn(ending), fields]).toEqual([code, reason, inJson && fieldsIn(inJson)]);
      if (ending !== inJson) expect(ending).toEqual(endings[0]);
    }
  });

  test("what one door has booked, the others show", async () => {
    for (const [index, name] of doorNames.entries()) {
      const { code, answer } = await doors.through[name](createBooking, slotAt(10 + index));
      expect(code).toBe("OK");
      const bookingId = (answer as { booking?: { id: string } }).booking?.id ?? "";
      const shown = await throughAll((door) => door(getBooking, { bookingId }));
      for (const ending of shown) expect(ending.answer).toMatchObject({ booking: { id: bookingId } });
    }
  });
});

describe("the request body of the seed", () => {
  /** To the letter, but for the id. */
  const seed = {
    startTime: "2025-01-01T10:00:00Z",
    endTime: "2025-01-01T13:00:00Z",
    slotDuration: 30,
  };

  async function add(body: object): Promise<Response> {
    return fetch(`${pair.availability.connectUrl}/availability.v1.AvailabilityService/AddAvailability`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(await authorizationOf(admin)) },
      body: JSON.stringify(body),
    });
  }

  test("is accepted, and answered with the availability in the same words", async () => {
    const seedHostId = await createHost(pair.clients);
    const answer = await add({ hostId: seedHostId, ...seed });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ availability: { hostId: seedHostId, ...seed } });
    const next = await add({ ...seed, hostId: seedHostId, startTime: seed.endTime, endTime: "2025-01-01T14:00:00Z" });
    expect(await next.json()).toMatchObject({
      availability: { startTime: seed.startTime, endTime: "2025-01-01T14:00:00Z" },
    });
  });

  test.each([
    ["a required field is missing", { hostId: undefined }, "INVALID_REQUEST", ["hostId"]],
    ["so is another", { startTime: undefined }, "INVALID_REQUEST", ["startTime"]],
    ["and another", { endTime: undefined }, "INVALID_REQUEST", ["endTime"]],
    ["and the last", { slotDuration: undefined }, "INVALID_REQUEST", ["slotDuration"]],
    ["startTime is no ISO timestamp", { startTime: "1.1.2025 10:00" }, "INVALID_REQUEST", ["startTime"]],
    ["endTime is no valid one", { endTime: "2025-01-32T13:00:00Z" }, "INVALID_REQUEST", ["endTime"]],
    ["endTime is not greater", { endTime: seed.startTime }, "INVALID_REQUEST", ["endTime"]],
    ["slotDuration is not greater than 0", { slotDuration: 0 }, "INVALID_REQUEST", ["slotDuration"]],
    ["hostId belongs to nobody", { hostId: randomUUID() }, "USER_NOT_FOUND", []],
    ["hostId belongs to a guest", { hostId: "the guest" }, "NOT_A_HOST", []],
    ["the host has another slot duration", { slotDuration: 45 }, "SLOT_DURATION_MISMATCH", []],
  ] as const)("is refused if %s", async (_what, change, reason, fields) => {
    const body = { hostId, ...seed, ...change };
    const ending = await endingOfHttp(await add(body.hostId === "the guest" ? { ...body, hostId: guestId } : body));
    expect([reasonIn(ending), fieldsIn(ending)]).toEqual([reason, fields]);
  });

  test("a time with an offset is the instant that it names", async () => {
    const body = { ...seed, startTime: "2025-01-02T12:00:00+02:00", endTime: "2025-01-02T08:00:00.500-05:30" };
    const answer = await add({ hostId, ...body });
    expect(await answer.json()).toMatchObject({
      availability: { startTime: "2025-01-02T10:00:00Z", endTime: "2025-01-02T13:30:00.500Z" },
    });
    const { availabilities } = await pair.clients.availability.listAvailability({
      hostId,
      startTime: timestampFromMs(Date.UTC(2025, 0, 2)),
      endTime: timestampFromMs(Date.UTC(2025, 0, 3)),
    });
    expect(availabilities.map(({ startTime }) => startTime && timestampDate(startTime).toISOString())).toEqual([
      "2025-01-02T10:00:00.000Z",
    ]);
  });
});
