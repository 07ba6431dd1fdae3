/** A host's minimum notice binds its guests. Who may book within it, and whom it is left out for. */

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Clients } from "../support/clients.ts";
import { type Ending, endingOfConnect, reasonIn } from "../support/endings.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, guest, host, type Person, service } from "../support/tokens.ts";

const WEEK_MINUTES = 7 * 1440;

let pair: Pair;
let hostId: string;
let guestId: string;
let people: Readonly<Record<string, Person>>;
let next = tomorrow(0);

beforeAll(async () => {
  pair = await startPair();
  [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  await openTime(pair.clients, hostId, { start: tomorrow(0), end: tomorrow(5 * 24) });
  await pair.clients.availability.updateRules({ hostId, minimumNoticeMinutes: WEEK_MINUTES });
  people = {
    "the host": host(hostId),
    "another host": host(await createHost(pair.clients)),
    "the guest": guest(guestId),
    admin,
  };
});
afterAll(() => pair.stop());

/** Another half an hour within the notice each time. */
function soon() {
  const start = next;
  next = start + 30 * 60_000;
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(next) };
}

async function said(answer: Promise<unknown>): Promise<string> {
  const ending: Ending = await answer.then(() => ({ code: "OK", message: "", details: {} }), endingOfConnect);
  const reason = reasonIn(ending);
  return typeof reason === "string" ? reason : ending.code;
}

type Call = (as: Clients["bookings"], ignoreNotice: boolean) => Promise<unknown>;

const create: Call = (as, ignoreNotice) => as.createBooking({ hostId, guestId, ...soon(), ignoreNotice });

const reschedule: Call = async (as, ignoreNotice) => {
  const { booking } = await pair.clients.bookings.createBooking({ hostId, guestId, ...soon(), ignoreNotice: true });
  return as.rescheduleBooking({ bookingId: booking!.id, ...soon(), ignoreNotice });
};

const list: Call = (as, ignoreNotice) => as.listOpenSlots({ hostId, ignoreNotice });

describe.each<[method: string, call: Call, within: string, another: string]>([
  // What is another host's booking does not exist for it.
  ["CreateBooking", create, "TOO_SOON", "NOT_YOUR_OWN"],
  ["RescheduleBooking", reschedule, "TOO_SOON", "BOOKING_NOT_FOUND"],
  ["ListOpenSlots", list, "OK", "OK"],
])("%s", (method, call, within, another) => {
  test.each([
    ["the host", within, "OK"],
    ["another host", another, method === "RescheduleBooking" ? "BOOKING_NOT_FOUND" : "NOT_YOUR_OWN"],
    ["the guest", within, "NOT_YOUR_OWN"],
    ["admin", within, "OK"],
  ])("by %s: %s, and %s with ignore_notice", async (who, without, ignoring) => {
    const { bookings } = pair.clientsOf(people[who]!);
    expect(await said(call(bookings, false))).toBe(without);
    expect(await said(call(bookings, true))).toBe(ignoring);
  });
});

test("ListOpenSlots by a service may not ignore the notice", async () => {
  const { bookings } = pair.clientsOf(service("availability"));
  expect(await said(bookings.listOpenSlots({ hostId, ignoreNotice: true }))).toBe("NOT_YOUR_OWN");
});

test("slots within the notice are listed only where it is ignored, and a token of the one list is none of the other", async () => {
  const { bookings } = pair.clientsOf(host(hostId));
  const asked = { hostId, pageSize: 2 };
  expect((await bookings.listOpenSlots(asked)).slots).toEqual([]);
  const ignoring = await bookings.listOpenSlots({ ...asked, ignoreNotice: true });
  expect(ignoring.slots).toHaveLength(2);
  expect(timestampMs(ignoring.slots[0]!.startTime!)).toBeLessThan(tomorrow(5 * 24));
  const { nextPageToken: pageToken } = ignoring;
  expect(pageToken).not.toBe("");
  expect(await said(bookings.listOpenSlots({ ...asked, pageToken }))).toBe("INVALID_REQUEST");
  expect((await bookings.listOpenSlots({ ...asked, ignoreNotice: true, pageToken })).slots).toHaveLength(2);
});
