/** What a request that was carried out is answered with when it comes again: the booking after an event of the feed. */

import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Booking } from "../../services/booking/domain/booking.ts";
import type { Command } from "../../services/booking/domain/command.ts";
import { findRequests } from "../../services/booking/storage/requests.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { type RequestKey, requestKey } from "../../shared/request-key.ts";
import { createCommand, hourOf, type LanesUnderTest, moveCommand, saidOf, startLanes } from "../support/lanes.ts";

let lanes: LanesUnderTest;

beforeAll(async () => {
  lanes = await startLanes(2);
});
afterAll(() => lanes.stop());

const keyOf = (method: string): RequestKey => requestKey(method, randomUUID(), [method])!;

async function bookingAfter(command: Command, replica = 0): Promise<Booking> {
  const outcome = await lanes.commit(command, replica);
  if (outcome.kind !== "booked") throw new Error(`ended as ${outcome.kind}`);
  return outcome.booking;
}

/** A booking's whole life, every step of it a request, also those that change nothing. */
function lifeOf(hostId: string, holdMs?: number): (Command & { readonly request: RequestKey })[] {
  const create = createCommand(hostId, hourOf(0), { holdMs });
  const of = { hostId, bookingId: create.bookingId, actor: "tester" };
  return [
    { ...create, request: keyOf("CreateBooking") },
    { ...of, kind: "confirm", request: keyOf("ConfirmBooking") },
    { ...of, kind: "confirm", request: keyOf("ConfirmBooking") },
    { ...moveCommand(create, hourOf(1)), request: keyOf("RescheduleBooking") },
    { ...of, kind: "confirm", request: keyOf("ConfirmBooking") },
    { ...of, kind: "cancel", request: keyOf("CancelBooking") },
    { ...of, kind: "cancel", request: keyOf("CancelBooking") },
  ];
}

test("each gets its first answer, at every replica and outside of a batch, whatever has become of the booking", async () => {
  const hostId = randomUUIDv7();
  const life = lifeOf(hostId, HOUR_MS);
  const first: Booking[] = [];
  for (const command of life) first.push(await bookingAfter(command));
  expect(first.map(({ state, version, sequence }) => [state, version, sequence])).toEqual([
    ["HELD", 1, 1],
    ["CONFIRMED", 2, 2],
    ["CONFIRMED", 2, 2],
    ["CONFIRMED", 3, 3],
    ["CONFIRMED", 3, 3],
    ["CANCELLED", 4, 4],
    ["CANCELLED", 4, 4],
  ]);
  expect(await Promise.all(life.map((command) => bookingAfter(command, 1)))).toEqual(first);
  const names = life.map(({ request }) => ({ hostId, id: request.id }));
  const found = await findRequests(lanes.pool, [...names, { hostId, id: randomUUID() }]);
  expect(found).toEqual([...life.map(({ request }, index) => ({ key: request, answer: first[index] })), undefined]);
});

test("twins in a batch have one effect and one answer", async () => {
  const hostId = randomUUIDv7();
  const life = lifeOf(hostId);
  const answers = await Promise.all(life.flatMap((command) => [bookingAfter(command), bookingAfter(command)]));
  const twins = Map.groupBy(answers, (_, index) => index >> 1);
  for (const [one, other] of twins.values()) expect(one).toEqual(other);
  const { rowCount } = await lanes.pool.query("select from booking_events where host_id = $1", [hostId]);
  expect(rowCount).toBe(3);
});

test("one whose event is lost fails, and has no second effect", async () => {
  const hostId = randomUUIDv7();
  const create = createCommand(hostId, hourOf(0), { request: keyOf("CreateBooking") });
  await bookingAfter(create);
  await lanes.pool.query("delete from booking_events where host_id = $1", [hostId]);
  await lanes.pool.query("delete from bookings where host_id = $1", [hostId]);
  const neighbour = createCommand(randomUUIDv7(), hourOf(0));
  const ends = await Promise.all([saidOf(lanes.commit(create)), saidOf(lanes.commit(neighbour))]);
  expect(ends).toEqual([expect.stringContaining("requests_pkey"), "CONFIRMED"]);
  expect((await lanes.pool.query("select from bookings where host_id = $1", [hostId])).rowCount).toBe(0);
});
