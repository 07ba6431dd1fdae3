/** What hosts and guests still get of Booking while they are deactivated, and after they were erased. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import { type Booking, BookingEventKind, BookingState } from "../../shared/gen/booking/v1/booking_pb.ts";
import { connectClients } from "../support/clients.ts";
import { fencingClients } from "../support/fencing-clients.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startBookingService, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { PRIVATE_WORDS } from "../support/secrets.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { watchBookings } from "../support/watching.ts";

let pair: Pair;
let hostId: string;
let guestId: string;
beforeAll(async () => {
  pair = await startPair();
});
beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 16), 60);
});
afterAll(() => pair.stop());

const hour = (start: number) => ({
  startTime: timestampFromMs(hours(start, start + 1).start),
  endTime: timestampFromMs(hours(start, start + 1).end),
});

async function book(start: number, more: object = {}): Promise<Booking> {
  const { booking } = await pair.clients.bookings.createBooking({ hostId, guestId, ...hour(start), ...more });
  return booking!;
}

async function slotCount(bookings = pair.clients.bookings): Promise<number> {
  const window = { startTime: hour(8).startTime, endTime: hour(16).startTime };
  return (await bookings.listOpenSlots({ hostId, ...window })).slots.length;
}

/** Another replica of Booking, which remembers nothing. */
async function anotherReplica() {
  const served = await startBookingService(pair.booking.databaseUrl, {
    AVAILABILITY_URL: pair.availability.connectUrl,
  });
  const { bookings } = connectClients(pair.availability.connectUrl, served.connectUrl, tokenSource(admin));
  return { bookings, stop: served.stop };
}

describe("a host who is deactivated", () => {
  test("offers no slots at any replica, takes no bookings, and does both again when it is active", async () => {
    const { users, bookings } = pair.clients;
    const other = await anotherReplica();
    const held = await book(8, { holdSeconds: 600 });
    expect(await Promise.all([slotCount(), slotCount(other.bookings)])).toEqual([7, 7]);
    expect((await users.deactivateUser({ userId: hostId })).complete).toBe(true);
    expect(await Promise.all([slotCount(), slotCount(other.bookings)])).toEqual([0, 0]);
    for (const replica of [bookings, other.bookings]) {
      const bookingId = held.id;
      expect(await outcomeOf(replica.createBooking({ hostId, guestId, ...hour(9) }))).toBe("HOST_DEACTIVATED");
      expect(await outcomeOf(replica.confirmBooking({ bookingId }))).toBe("HOST_DEACTIVATED");
      expect(await outcomeOf(replica.rescheduleBooking({ bookingId, ...hour(10) }))).toBe("HOST_DEACTIVATED");
    }
    expect((await users.reactivateUser({ userId: hostId })).complete).toBe(true);
    expect(await Promise.all([slotCount(), slotCount(other.bookings)])).toEqual([7, 7]);
    expect((await other.bookings.confirmBooking({ bookingId: held.id })).booking?.state).toBe(BookingState.CONFIRMED);
    await other.stop();
  });

  test("keeps its bookings, which can be cancelled", async () => {
    const { id: bookingId } = await book(8);
    await pair.clients.users.deactivateUser({ userId: hostId });
    expect((await pair.clients.bookings.listBookings({ hostId })).bookings).toHaveLength(1);
    const { booking } = await pair.clients.bookings.cancelBooking({ bookingId, reason: "closed" });
    expect(booking).toMatchObject({ state: BookingState.CANCELLED, cancelReason: "closed" });
  });
});

describe("a guest who is deactivated", () => {
  test("makes no bookings, known to Booking or not, and makes them again when it is active", async () => {
    const { users, bookings } = pair.clients;
    await book(8);
    expect((await users.deactivateUser({ userId: guestId })).complete).toBe(true);
    const other = await anotherReplica();
    for (const replica of [bookings, other.bookings])
      expect(await outcomeOf(replica.createBooking({ hostId, guestId, ...hour(9) }))).toBe("GUEST_DEACTIVATED");
    await users.reactivateUser({ userId: guestId });
    for (const [index, replica] of [bookings, other.bookings].entries())
      expect(await outcomeOf(replica.createBooking({ hostId, guestId, ...hour(9 + index) }))).toBe("accepted");
    await other.stop();
  });

  test("gets its first answer to a request that was carried out, known to a replica or not", async () => {
    const request = { requestId: randomUUID(), note: "ring twice" };
    const made = await book(8, request);
    await pair.clients.users.deactivateUser({ userId: guestId });
    const other = await anotherReplica();
    for (const { createBooking } of [pair.clients.bookings, other.bookings])
      expect((await createBooking({ hostId, guestId, ...hour(8), ...request })).booking).toEqual(made);
    await other.stop();
  });
});

describe("a user who is erased", () => {
  test("is nobody whom Booking knows: no slots, and no guest", async () => {
    const { users } = pair.clients;
    expect((await users.eraseUser({ userId: hostId })).complete).toBe(true);
    expect((await users.eraseUser({ userId: guestId })).complete).toBe(true);
    const other = await anotherReplica();
    expect(await outcomeOf(slotCount(other.bookings))).toBe("USER_NOT_FOUND");
    const active = await createHost(pair.clients);
    await openTime(pair.clients, active, hours(8, 16), 60);
    const asked = { hostId: active, guestId, ...hour(8) };
    expect(await outcomeOf(other.bookings.createBooking(asked))).toBe("USER_NOT_FOUND");
    await other.stop();
  });

  test("leaves bookings about which nothing is said, here, in the feed from its beginning, and for who watches", async () => {
    const { users, bookings } = pair.clients;
    const watching = await watchBookings(bookings, hostId);
    const said = { note: PRIVATE_WORDS, externalId: PRIVATE_WORDS, labels: { [PRIVATE_WORDS]: "1" } };
    const made = await book(8, { ...said, requestId: randomUUID() });
    expect((await users.eraseUser({ userId: guestId })).complete).toBe(true);
    const { booking } = await bookings.getBooking({ bookingId: made.id });
    const nothing = { note: "", externalId: "", labels: {}, cancelReason: "" };
    expect(booking).toMatchObject({ guestId, state: BookingState.CONFIRMED, etag: '"2"', ...nothing });
    const { event } = await watching.reaches(2);
    expect(event).toMatchObject({ kind: BookingEventKind.ERASED, actor: "system", booking });
    const again = await watchBookings(bookings, hostId, 0);
    await again.reaches(2);
    expect(again.messages.flatMap((each) => (each.event === undefined ? [] : [each.event.booking]))).toEqual([
      { ...made, ...nothing },
      booking,
    ]);
    for (const each of [watching, again]) each.leave();
    expect((await bookings.listBookings({ hostId, externalId: PRIVATE_WORDS })).bookings).toEqual([]);
    const cancel = { bookingId: made.id, reason: PRIVATE_WORDS, requestId: randomUUID(), etag: '"2"' };
    const cancelled = await bookings.cancelBooking(cancel);
    expect(cancelled.booking).toMatchObject({ state: BookingState.CANCELLED, ...nothing });
    // Sent again, it is the same request; without a reason, another one.
    expect(await bookings.cancelBooking(cancel)).toEqual(cancelled);
    expect(await outcomeOf(bookings.cancelBooking({ ...cancel, reason: "" }))).toBe("REQUEST_ID_REUSED");
  });
});

describe("Availability's questions", () => {
  test("whether a host has a guest: of any booking of the two, whatever has become of it", async () => {
    const { fence } = fencingClients(pair);
    const ask = async (host: string, guest: string): Promise<boolean> =>
      (await fence.hasGuest({ hostId: host, guestId: guest })).hasGuest;
    expect(await ask(hostId, guestId)).toBe(false);
    const { id: bookingId } = await book(8, { holdSeconds: 60 });
    expect(await ask(hostId.toUpperCase(), guestId.toUpperCase())).toBe(true);
    await pair.clients.bookings.cancelBooking({ bookingId });
    expect(await ask(hostId, guestId)).toBe(true);
    expect(await ask(guestId, hostId)).toBe(false);
    expect(await ask(hostId, await createGuest(pair.clients))).toBe(false);
  });

  test("a user of whom Booking has never heard is told, and that is all", async () => {
    const { fence } = fencingClients(pair);
    const told = { userId: randomUUID(), state: UserState.ERASED, version: 2n };
    expect([await fence.fenceUser(told), await fence.fenceUser(told)]).toMatchObject([
      { complete: true },
      { complete: true },
    ]);
  });
});
