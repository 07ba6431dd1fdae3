/** Booking as its callers see it, over Connect, with Availability beside it. */

import { randomUUID } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Booking, BookingState } from "../../shared/gen/booking/v1/booking_pb.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { startPair, type Pair } from "../support/pair.ts";
import { tally } from "../support/lanes.ts";
import { createGuest, createHost } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.stop());

/** An hour of a day far ahead. */
const at = (hour: number) => timestampFromMs(Date.UTC(2150, 5, 1) + hour * HOUR_MS);
const between = (start: number, end: number) => ({ startTime: at(start), endTime: at(end) });

async function hostWith(...open: [number, number][]): Promise<string> {
  const hostId = await createHost(pair.clients);
  for (const [start, end] of open) {
    await pair.clients.availability.addAvailability({ hostId, ...between(start, end), slotDurationMinutes: 30 });
  }
  return hostId;
}

async function slotsOf(hostId: string, start = 0, end = 24): Promise<number[]> {
  const { slots } = await pair.clients.bookings.listOpenSlots({ hostId, ...between(start, end), pageSize: 500 });
  return slots.map((slot) => (timestampMs(slot.startTime!) - timestampMs(at(0))) / HOUR_MS);
}

/**
 * A host with 10 to 11 open, and a guest, of whom Booking need not ask any more: Availability is in this process, which may
 * take longer to read a thousand calls than Booking waits for an answer (2 s).
 */
async function knownPeople(): Promise<{ hostId: string; guestId: string }> {
  const hostId = await hostWith([8, 9], [10, 11]);
  const guestId = await createGuest(pair.clients);
  await pair.clients.bookings.createBooking({ hostId, guestId, ...between(8, 9) });
  return { hostId, guestId };
}

describe("the way from open time to a booking", () => {
  test("10-13 and 13-14 are one interval with eight slots; a booked one is gone and cannot be had twice", async () => {
    const { availability, bookings } = pair.clients;
    const hostId = await hostWith([10, 13], [13, 14]);
    const guestId = await createGuest(pair.clients);
    const { availabilities } = await availability.listAvailability({ hostId, ...between(0, 24) });
    expect(availabilities.map((each) => [timestampMs(each.startTime!), timestampMs(each.endTime!)])).toEqual([
      [timestampMs(at(10)), timestampMs(at(14))],
    ]);
    expect(await slotsOf(hostId)).toEqual([10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5]);

    const { booking } = await bookings.createBooking({ hostId, guestId, ...between(11, 12) });
    expect(booking).toMatchObject({ hostId, guestId, state: BookingState.CONFIRMED, etag: '"1"' });
    expect(await slotsOf(hostId)).toEqual([10, 10.5, 12, 12.5, 13, 13.5]);
    expect(await outcomeOf(bookings.createBooking({ hostId, guestId, ...between(11.5, 12) }))).toBe("SLOT_TAKEN");
    expect((await bookings.getBooking({ bookingId: booking!.id })).booking).toEqual(booking);
  });

  test("time that was added a moment ago can be booked at once, though a snapshot without it is remembered", async () => {
    const hostId = await hostWith([10, 11]);
    const guestId = await createGuest(pair.clients);
    const { availability, bookings } = pair.clients;
    expect(await outcomeOf(bookings.createBooking({ hostId, guestId, ...between(15, 16) }))).toBe(
      "OUTSIDE_AVAILABILITY",
    );
    await availability.addAvailability({ hostId, ...between(15, 16), slotDurationMinutes: 30 });
    expect(await outcomeOf(bookings.createBooking({ hostId, guestId, ...between(15, 16) }))).toBe("accepted");
  });

  test.each([
    ["off the grid", 10.25, 10.75, "OFF_GRID"],
    ["of half a slot", 10, 10.25, "OFF_GRID"],
    ["partly outside", 12.5, 13.5, "OUTSIDE_AVAILABILITY"],
    ["across a gap", 12.5, 14.5, "OUTSIDE_AVAILABILITY"],
    ["in the past", -1_500_000, -1_499_999.5, "START_IN_PAST"],
    ["of two slots", 11, 12, "accepted"],
  ])("a booking %s is answered %s", async (_, start, end, answer) => {
    const hostId = await hostWith([10, 13], [14, 15], [-1_500_000, -1_499_999]);
    const guestId = await createGuest(pair.clients);
    expect(await outcomeOf(pair.clients.bookings.createBooking({ hostId, guestId, ...between(start, end) }))).toBe(
      answer,
    );
  });

  test("every listed slot can be booked, and then none is listed", async () => {
    const hostId = await hostWith([8, 12.25], [13, 14.5]);
    const guestId = await createGuest(pair.clients);
    const listed = await slotsOf(hostId);
    expect(listed).toHaveLength(11);
    for (const start of listed) {
      const create = pair.clients.bookings.createBooking({ hostId, guestId, ...between(start, start + 0.5) });
      expect(await outcomeOf(create)).toBe("accepted");
    }
    expect(await slotsOf(hostId)).toEqual([]);
  });
});

describe("who may be booked by whom", () => {
  test.each([
    ["an unknown host", "host", "nobody", "USER_NOT_FOUND"],
    ["an unknown guest", "guest", "nobody", "USER_NOT_FOUND"],
    ["a guest as host", "host", "guest", "NOT_A_HOST"],
    ["a host as guest", "guest", "host", "NOT_A_GUEST"],
  ] as const)("%s is refused", async (_, role, who, reason) => {
    const ids = { host: await hostWith([10, 11]), guest: await createGuest(pair.clients), nobody: randomUUID() };
    const request = { hostId: ids.host, guestId: ids.guest, ...between(10, 11) };
    const asked = role === "host" ? { ...request, hostId: ids[who] } : { ...request, guestId: ids[who] };
    expect(await outcomeOf(pair.clients.bookings.createBooking(asked))).toBe(reason);
  });
});

describe("the same request again", () => {
  test("1,000 twins of one create have one effect and one answer", async () => {
    const { hostId, guestId } = await knownPeople();
    const request = { hostId, guestId, ...between(10, 11), requestId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 1000 }, () => pair.clients.bookings.createBooking(request)));
    expect(new Set(answers.map(({ booking }) => booking!.id)).size).toBe(1);
    const { bookings } = await pair.clients.bookings.listBookings({ hostId, ...between(10, 24) });
    expect(bookings).toHaveLength(1);
  });

  test("gets the first answer even after the booking was cancelled and its time taken", async () => {
    const { bookings } = pair.clients;
    const hostId = await hostWith([10, 11]);
    const guestId = await createGuest(pair.clients);
    const request = { hostId, guestId, ...between(10, 11), requestId: randomUUID() };
    const first = await bookings.createBooking(request);
    await bookings.cancelBooking({ bookingId: first.booking!.id });
    await bookings.createBooking({ hostId, guestId, ...between(10, 11) });
    expect(await bookings.createBooking(request)).toEqual(first);
    expect(await outcomeOf(bookings.createBooking({ ...request, ...between(10, 10.5) }))).toBe("REQUEST_ID_REUSED");
    expect(
      await outcomeOf(bookings.cancelBooking({ bookingId: first.booking!.id, requestId: request.requestId })),
    ).toBe("REQUEST_ID_REUSED");
  });
});

describe("1,000 callers for one slot", () => {
  test("make exactly one booking", async () => {
    const { hostId, guestId } = await knownPeople();
    const callers = Array.from({ length: 1000 }, () =>
      outcomeOf(
        pair.clients.bookings.createBooking({ hostId, guestId, ...between(10, 10.5), requestId: randomUUID() }),
      ),
    );
    const said = await Promise.all(callers);
    expect(tally(said)).toEqual({ SLOT_TAKEN: 999, accepted: 1 });
  });
});

describe("holds", () => {
  test("keep the time, show when they end, and are confirmed in time", async () => {
    const { bookings } = pair.clients;
    const hostId = await hostWith([10, 11]);
    const guestId = await createGuest(pair.clients);
    const { booking } = await bookings.createBooking({ hostId, guestId, ...between(10, 11), holdSeconds: 600 });
    expect(booking!.state).toBe(BookingState.HELD);
    expect(timestampMs(booking!.expireTime!) - timestampMs(booking!.createTime!)).toBe(600_000);
    expect(await slotsOf(hostId)).toEqual([]);
    const confirmed = await bookings.confirmBooking({ bookingId: booking!.id, etag: booking!.etag });
    expect(confirmed.booking).toMatchObject({ state: BookingState.CONFIRMED, etag: '"2"' });
    expect(confirmed.booking!.expireTime).toBeUndefined();
  });
});

describe("pages", () => {
  test("of open slots, whatever their size, show every slot once", async () => {
    const hostId = await hostWith([0, 10], [11, 20], [24 * 90, 24 * 90 + 5]);
    const guestId = await createGuest(pair.clients);
    for (const hour of [0, 3, 4, 15])
      await pair.clients.bookings.createBooking({ hostId, guestId, ...between(hour, hour + 1) });
    const window = between(0, 24 * 200);
    const whole = await pair.clients.bookings.listOpenSlots({ hostId, ...window, pageSize: 500 });
    expect(whole.slots).toHaveLength(40);
    expect(whole.nextPageToken).toBe("");
    for (const pageSize of [1, 7, 39, 40]) {
      const seen = [];
      let pageToken = "";
      do {
        const page = await pair.clients.bookings.listOpenSlots({ hostId, ...window, pageSize, pageToken });
        seen.push(...page.slots);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(seen).toEqual(whole.slots);
    }
  });

  test("of bookings, by host, by guest and by state", async () => {
    const { bookings } = pair.clients;
    const hostId = await hostWith([0, 12]);
    const guests = [await createGuest(pair.clients), await createGuest(pair.clients)];
    const made: Booking[] = [];
    for (let hour = 0; hour < 10; hour += 1) {
      const guestId = guests[hour % 2]!;
      made.push((await bookings.createBooking({ hostId, guestId, ...between(hour, hour + 1) })).booking!);
    }
    await bookings.cancelBooking({ bookingId: made[3]!.id });
    const seen = [];
    let pageToken = "";
    do {
      const page = await bookings.listBookings({ hostId, ...between(0, 24), pageSize: 3, pageToken });
      expect(page.sequence).toBe(11n);
      seen.push(...page.bookings.map((booking) => booking.id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(made.map((booking) => booking.id));

    const ofGuest = await bookings.listBookings({
      guestId: guests[1]!,
      ...between(0, 24),
      states: [BookingState.CONFIRMED],
    });
    expect(ofGuest.bookings.map((booking) => booking.id)).toEqual([1, 5, 7, 9].map((hour) => made[hour]!.id));
    expect(ofGuest.sequence).toBeUndefined();
    // A window shows what it meets, whole.
    const window = await bookings.listBookings({ hostId, ...between(4.5, 6) });
    expect(window.bookings.map((booking) => booking.id)).toEqual([made[4]!.id, made[5]!.id]);
  });

  test("a token of another query is refused", async () => {
    const hostId = await hostWith([0, 12]);
    const { nextPageToken } = await pair.clients.bookings.listOpenSlots({ hostId, ...between(0, 12), pageSize: 2 });
    const other = pair.clients.bookings.listOpenSlots({
      hostId,
      ...between(0, 11),
      pageSize: 2,
      pageToken: nextPageToken,
    });
    expect(await outcomeOf(other)).toBe("INVALID_REQUEST");
  });
});

test("windows reach 366 days and not a day further", async () => {
  const hostId = await hostWith([0, 1]);
  const window = (days: number) => ({ startTime: at(0), endTime: timestampFromMs(timestampMs(at(0)) + days * DAY_MS) });
  expect(await outcomeOf(pair.clients.bookings.listOpenSlots({ hostId, ...window(366) }))).toBe("accepted");
  expect(await outcomeOf(pair.clients.bookings.listOpenSlots({ hostId, ...window(367) }))).toBe("INVALID_REQUEST");
});
