/** What people say about a booking: it comes back in every answer and event, and bookings are found by it. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BookingState, type Booking } from "../../shared/gen/booking/v1/booking_pb.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { PRIVATE_WORDS } from "../support/secrets.ts";
import { guest, host } from "../support/tokens.ts";
import { watchBookings } from "../support/watching.ts";

const DAYS = 300;

let pair: Pair;
let hostId: string;
let guestId: string;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.stop());

async function newPeople(): Promise<void> {
  guestId = await createGuest(pair.clients);
  hostId = await createHost(pair.clients);
  const middle = tomorrow(0) + DAYS * DAY_MS;
  await openTime(pair.clients, hostId, { start: tomorrow(0), end: middle }, 60);
  await openTime(pair.clients, hostId, { start: middle, end: middle + DAYS * DAY_MS }, 60);
}

/** An hour, counted from tomorrow's first. */
function hour(index: number) {
  const start = tomorrow(0) + index * HOUR_MS;
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(start + HOUR_MS) };
}

type Said = Partial<Pick<Booking, "externalId" | "note" | "labels">>;

async function book(index: number, said: Said): Promise<Booking> {
  const { booking } = await pair.clients.bookings.createBooking({ hostId, guestId, ...hour(index), ...said });
  return booking!;
}

describe("what was said of a booking", () => {
  const said = {
    externalId: `${PRIVATE_WORDS}/1138?x=ü`,
    note: "Between-us: two of us, \"and\" a dog.\n\tRing twice: 'בּ' 🐕",
    labels: { colour: "a=b", [PRIVATE_WORDS]: PRIVATE_WORDS, "with space": "", "🏷": "\\ %" },
  };

  test("is in every answer and event, until the end of its life", async () => {
    await newPeople();
    const { bookings } = pair.clients;
    const watching = await watchBookings(bookings, hostId);
    const request = { hostId, guestId, ...hour(0), ...said, holdSeconds: 600, requestId: randomUUID() };
    const { booking: made } = await bookings.createBooking(request);
    const bookingId = made!.id;
    expect(made).toMatchObject({ ...said, cancelReason: "", state: BookingState.HELD });
    const { booking: confirmed } = await bookings.confirmBooking({ bookingId });
    const { booking: moved } = await bookings.rescheduleBooking({ bookingId, ...hour(3) });
    const reason = `The dog is ill, ${PRIVATE_WORDS}.\r\nSorry!`;
    const { booking: cancelled } = await bookings.cancelBooking({ bookingId, reason });
    expect(cancelled).toMatchObject({ ...said, cancelReason: reason, state: BookingState.CANCELLED });
    expect((await bookings.getBooking({ bookingId })).booking).toEqual(cancelled);
    expect((await bookings.listBookings({ hostId })).bookings).toEqual([cancelled]);
    expect((await bookings.createBooking(request)).booking).toEqual(made);
    await watching.reaches(4);
    watching.leave();
    const told = watching.messages.flatMap(({ event }) => (event === undefined ? [] : [event.booking]));
    expect(told).toEqual([made, confirmed, moved, cancelled]);
    expect(told.map((each) => each?.labels)).toEqual(told.map(() => said.labels));
  });

  test("is nothing where nothing was said", async () => {
    await newPeople();
    const made = await book(0, { externalId: "", note: "", labels: {} });
    expect(made).toMatchObject({ externalId: "", note: "", labels: {}, cancelReason: "" });
    const { booking } = await pair.clients.bookings.cancelBooking({ bookingId: made.id });
    expect(booking).toMatchObject({ externalId: "", note: "", labels: {}, cancelReason: "" });
  });

  test("is the first reason, also where a second cancel says another", async () => {
    await newPeople();
    const { bookings } = pair.clients;
    const { id: bookingId } = await book(0, {});
    const first = await bookings.cancelBooking({ bookingId, reason: "first" });
    expect(await bookings.cancelBooking({ bookingId, reason: "second" })).toEqual(first);
  });

  test.each<[string, Said]>([
    ["external_id", { externalId: "another" }],
    ["note", { note: "another" }],
    ["labels", { labels: { ...said.labels, colour: "another" } }],
  ])("makes a request another one: %s", async (_field, other) => {
    await newPeople();
    const request = { hostId, guestId, ...hour(0), ...said, requestId: randomUUID() };
    await pair.clients.bookings.createBooking(request);
    const again = pair.clients.bookings.createBooking({ ...request, ...other });
    expect(await outcomeOf(again)).toBe("REQUEST_ID_REUSED");
  });
});

describe("an external id", () => {
  test("of a standing booking is refused by its name, and says nothing of that booking", async () => {
    await newPeople();
    const { id } = await book(0, { externalId: "crm-1" });
    const refusal = await refusalOf(book(1, { externalId: "crm-1" }));
    expect(await outcomeOf(Promise.reject(refusal))).toBe("EXTERNAL_ID_TAKEN");
    expect(JSON.stringify(refusal)).not.toContain(id);
    expect((await pair.clients.bookings.listBookings({ hostId })).bookings).toHaveLength(1);
  });
});

describe("a list", () => {
  test("by external id shows who has it and who had it, at any time; or in a window", async () => {
    await newPeople();
    const { bookings } = pair.clients;
    const first = await book(400 * 24, { externalId: "crm-1" });
    await bookings.cancelBooking({ bookingId: first.id });
    const second = await book(5, { externalId: "crm-1" });
    await book(6, { externalId: "crm-2" });
    await book(7, {});
    const ids = async (asked: object): Promise<string[]> =>
      (await bookings.listBookings({ hostId, externalId: "crm-1", ...asked })).bookings.map(({ id }) => id);
    expect(await ids({})).toEqual([second.id, first.id]);
    expect(await ids({ states: [BookingState.CONFIRMED] })).toEqual([second.id]);
    expect(await ids({ guestId })).toEqual([second.id, first.id]);
    // A guest may have many bookings with as many hosts: their list has a window as always.
    expect(await ids({ hostId: "", guestId })).toEqual([second.id]);
    expect(await ids({ startTime: hour(0).startTime })).toEqual([second.id]);
    expect(await ids({ endTime: hour(0).endTime })).toEqual([]);
    expect(await ids({ startTime: hour(6).startTime, endTime: hour(366 * 24).startTime })).toEqual([]);
    expect(await ids({ externalId: "crm" })).toEqual([]);
    expect(await ids({ externalId: "CRM-1" })).toEqual([]);
  });

  test("by label shows bookings with the key, or with key and value", async () => {
    await newPeople();
    const made: Booking[] = [];
    for (const [index, labels] of [{ a: "1" }, { a: "2", b: "1" }, { a: "" }, { b: "x=y" }, {}].entries())
      made.push(await book(index, { labels }));
    const listed = async (label: string): Promise<number[]> => {
      const byHost = await pair.clients.bookings.listBookings({ hostId, label });
      const byGuest = await pair.clients.bookings.listBookings({ hostId, guestId, label });
      expect(byGuest.bookings).toEqual(byHost.bookings);
      return byHost.bookings.map(({ id }) => made.findIndex((each) => each.id === id));
    };
    expect(await listed("a")).toEqual([0, 1, 2]);
    expect(await listed("a=2")).toEqual([1]);
    expect(await listed("a=")).toEqual([2]);
    expect(await listed("b=x=y")).toEqual([3]);
    expect(await listed("c")).toEqual([]);
    expect(await listed("=1")).toEqual([]);
    expect(await listed("")).toEqual([0, 1, 2, 3, 4]);
  });

  test("goes on where its page ended, by a token that is good for no other external id or label", async () => {
    await newPeople();
    const { bookings } = pair.clients;
    for (const index of [500, 1, 400]) {
      const { id } = await book(index * 24, { externalId: "crm-1", labels: { a: "1" } });
      await bookings.cancelBooking({ bookingId: id });
    }
    const asked = { hostId, externalId: "crm-1", label: "a", pageSize: 1 };
    const { bookings: all } = await bookings.listBookings({ ...asked, pageSize: 10 });
    const seen: Booking[] = [];
    let pageToken = "";
    do {
      const page = await bookings.listBookings({ ...asked, pageToken });
      seen.push(...page.bookings);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(all);
    expect(all).toHaveLength(3);
    ({ nextPageToken: pageToken } = await bookings.listBookings(asked));
    for (const other of [{ externalId: "crm-2" }, { externalId: "" }, { label: "a=" }, { label: "a=1" }, { label: "" }])
      expect(await outcomeOf(bookings.listBookings({ ...asked, ...other, pageToken }))).toBe("INVALID_REQUEST");
  });

  test("is shown to its people alone", async () => {
    await newPeople();
    const { id } = await book(0, { externalId: "crm-1", note: "for us" });
    const strangers = [guest(await createGuest(pair.clients)), host(await createHost(pair.clients))];
    for (const person of strangers) {
      const { bookings } = pair.clientsOf(person);
      const own = person.role === "HOST" ? { hostId: person.subject } : { guestId: person.subject };
      expect((await bookings.listBookings({ ...own, externalId: "crm-1" })).bookings).toEqual([]);
    }
    const { bookings } = await pair
      .clientsOf(guest(guestId))
      .bookings.listBookings({ guestId, externalId: "crm-1", hostId });
    expect(bookings.map((each) => each.id)).toEqual([id]);
  });
});
