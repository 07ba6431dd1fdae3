/** Pages of bookings of which as much was said as may be: none is too large to send, and together they show all. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  EXTERNAL_ID_MAX_CHARACTERS,
  LABEL_KEY_MAX_CHARACTERS,
  LABEL_VALUE_MAX_CHARACTERS,
  LABELS_MAX,
  NOTE_MAX_CHARACTERS,
} from "../../shared/limits.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { type Clients, clientsOver } from "../support/clients.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, tokenSource } from "../support/tokens.ts";

/** More than one answer holds. */
const BOOKINGS = 100;

let pair: Pair;
let hostId: string;
let made: string[];

/** `letter` wherever it may stand, as often as it may. */
function allThatMayBeSaid(letter: string, number: number) {
  const labels = Array.from({ length: LABELS_MAX }, (_, index): [string, string] => [
    letter.repeat(LABEL_KEY_MAX_CHARACTERS - 2) + String(index).padStart(2, "0"),
    letter.repeat(LABEL_VALUE_MAX_CHARACTERS),
  ]);
  return {
    externalId: letter.repeat(EXTERNAL_ID_MAX_CHARACTERS - 3) + String(number).padStart(3, "0"),
    note: letter.repeat(NOTE_MAX_CHARACTERS),
    labels: Object.fromEntries(labels),
  };
}

beforeAll(async () => {
  pair = await startPair();
  const guestId = await createGuest(pair.clients);
  hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(0), end: tomorrow(BOOKINGS) }, 60);
  made = [];
  for (let number = 0; number < BOOKINGS; number += 1) {
    const start = tomorrow(number);
    const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(start + HOUR_MS) };
    // A letter of four bytes, and one that JSON writes as two.
    const said = allThatMayBeSaid(number % 2 === 0 ? "🐕" : '"', number);
    made.push((await pair.clients.bookings.createBooking({ hostId, guestId, ...times, ...said })).booking!.id);
  }
});
afterAll(() => pair.stop());

test.each([
  ["binary", true],
  ["JSON", false],
])("in %s", async (_form, useBinaryFormat) => {
  const interceptors = [bearer(tokenSource(admin))];
  const options = { httpVersion: "2", interceptors, useBinaryFormat } as const;
  const { bookings }: Clients = clientsOver(
    createConnectTransport({ ...options, baseUrl: pair.availability.connectUrl }),
    createConnectTransport({ ...options, baseUrl: pair.booking.connectUrl }),
  );
  const pages: string[][] = [];
  let pageToken = "";
  do {
    const page = await bookings.listBookings({ hostId, pageSize: 500, pageToken });
    pages.push(page.bookings.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(pages.flat()).toEqual(made);
  expect(pages.length).toBeGreaterThan(1);
  // No page is much smaller than it has to be.
  expect(Math.min(...pages.slice(0, -1).map(({ length }) => length))).toBeGreaterThan(25);
});
