import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { violationsIn } from "../support/violations.ts";

test("the audit names a remembered request whose answer's event is lost", async () => {
  const pair = await startPair();
  const pool = poolOf(pair.booking.databaseUrl);
  const hostId = await createHost(pair.clients);
  const { start, end } = hours(8, 9);
  await openTime(pair.clients, hostId, { start, end });
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
  const request = { hostId, guestId: await createGuest(pair.clients), ...times, requestId: randomUUID() };
  await pair.clients.bookings.createBooking(request);
  const urls = { availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl };
  expect(await violationsIn(urls)).toEqual([]);
  await pool.query("update requests set sequence = 2");
  expect(await violationsIn(urls)).toEqual([
    `ANSWER_LOST: request ${request.requestId} of host ${hostId} was answered with event 2, which its feed lacks`,
  ]);
  await pool.end();
  await pair.stop();
});
