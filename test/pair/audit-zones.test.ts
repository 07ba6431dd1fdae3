/** What the audit tells of zone data that differ. PostgreSQL's are as they are; those it is compared with are the test's. */

import pg, { type Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeOffsets, type OffsetsOf } from "../../services/ops/audit/zone-data.ts";
import { linesOf } from "../../services/ops/audit/zones.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { hours } from "../support/hosts-time.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { storeBookings } from "../support/stored-bookings.ts";
import { storeHosts } from "../support/stored-hours.ts";
import { violationsIn } from "../support/violations.ts";

let databases: TestDatabase[];
let availability: Client;

beforeAll(async () => {
  databases = [await createDatabase("availability"), await createDatabase("booking")];
  availability = new pg.Client({ connectionString: databases[0]!.url });
  await availability.connect();
});

afterAll(async () => {
  await availability.end();
  await Promise.all(databases.map((database) => database.drop()));
});

const always = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, start: 0, end: 1440 }));

async function hostIn(...timeZones: readonly string[]): Promise<string> {
  await availability.query("truncate users cascade");
  const periods = timeZones.map((timeZone, index) => ({ fromDate: `202${index}-01-01`, timeZone, ranges: always }));
  const [hostId = ""] = await storeHosts(availability, [{ periods, openings: [], closures: [] }]);
  return hostId;
}

/** The lines that are told, without what the version of the server makes different; and how many violations there are. */
async function told(offsetsOf: OffsetsOf = nodeOffsets): Promise<[lines: string[], violations: number]> {
  const lines: string[] = [];
  const urls = { availability: databases[0]!.url, booking: databases[1]!.url };
  const found = await violationsIn(urls, undefined, {
    offsetsOf,
    tellZones: (comparison) => {
      expect(comparison.serverVersion).toMatch(/^\d+\.\d+/);
      lines.push(...linesOf({ ...comparison, serverVersion: "18.0" }, "2026x"));
    },
  });
  return [lines, found.length];
}

const first = (inUse: number, alike: number): string =>
  "zone data: Node.js has version 2026x, by which open time is derived; PostgreSQL 18.0 does not tell which it has. " +
  `Time zones in use: ${inUse}, of which both read alike: ${alike}`;

test("zones that both read alike are counted", async () => {
  await hostIn("Asia/Kathmandu", "asia/kathmandu", "UTC");
  expect(await told()).toEqual([[first(3, 3)], 0]);
});

test("a zone that PostgreSQL reads differently is named with what each says, and is no violation", async () => {
  await hostIn("UTC", "Asia/Kathmandu");
  const from = hours(6, 7).start;
  const later: OffsetsOf = (zone, span) =>
    zone === "UTC"
      ? [
          { from: span.start, until: from, offsetMs: 0 },
          { from, until: span.end, offsetMs: -1.5 * HOUR_MS },
        ]
      : nodeOffsets(zone, span);
  const at = new Date(from).toISOString();
  const difference = `time zone UTC: PostgreSQL reads it differently, at ${at} as +00:00 instead of -01:30`;
  expect(await told(later)).toEqual([[first(2, 1), difference], 0]);
});

test("a zone that PostgreSQL does not know is named, and bookings in it are judged", async () => {
  const hostId = await hostIn("Mars/Phobos");
  const booking = new pg.Client({ connectionString: databases[1]!.url });
  await booking.connect();
  await storeBookings(booking, [{ hostId, guestId: hostId, during: hours(8, 9) }], "kept");
  await booking.end();
  const inUtc: OffsetsOf = (_zone, span) => nodeOffsets("UTC", span);
  expect(await told(inUtc)).toEqual([[first(1, 0), "time zone Mars/Phobos: PostgreSQL does not know it"], 0]);
  // What Node does not know either cannot be judged: no answer is given for a wrong one.
  await expect(told()).rejects.toThrow("a time zone that is not known: Mars/Phobos");
});
