/** What the audit says of bookings in weekly hours: those of the services, and those that are stored around them. */

import pg, { type Client, type Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Intent } from "../../services/availability/domain/open-time.ts";
import type { LocalRange } from "../../services/availability/domain/weekly-hours.ts";
import type { AuditOptions } from "../../services/ops/audit/audit.ts";
import type { OffsetsOf } from "../../services/ops/audit/zone-data.ts";
import { Booked } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { type HostOfHours, hostOfHours } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { storeBookings } from "../support/stored-bookings.ts";
import { storeHosts } from "../support/stored-hours.ts";
import { violationsIn } from "../support/violations.ts";

let pair: Pair;
let availability: Pool;
let booking: Client;

beforeAll(async () => {
  pair = await startPair();
  availability = poolOf(pair.availability.databaseUrl);
  booking = new pg.Client({ connectionString: pair.booking.databaseUrl });
  await booking.connect();
});

afterAll(async () => {
  await Promise.all([availability.end(), booking.end()]);
  await pair.stop();
});

const daily = (start: number, end: number): LocalRange[] =>
  [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, start: start * 60, end: end * 60 }));
/** A date before or after tomorrow, which `hours` counts from. */
const date = (days: number): string => new Date(tomorrow(days * 24)).toISOString().slice(0, 10);

async function violations(hostId: string, options?: AuditOptions): Promise<string[]> {
  const urls = { availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl };
  return await violationsIn(urls, hostId, options);
}

/** How many of a stored host's bookings the audit finds outside. */
async function outside(
  intent: Partial<Intent>,
  bookings: readonly Interval[],
  options?: AuditOptions,
): Promise<number> {
  const [hostId = ""] = await storeHosts(availability, [{ periods: [], openings: [], closures: [], ...intent }]);
  const stored = bookings.map((during) => ({ hostId, guestId: hostId, during }));
  await booking.query("truncate bookings, booking_events, hosts");
  await storeBookings(booking, stored, "kept");
  const found = await violations(hostId, options);
  expect(found.every((line) => line.startsWith("OUTSIDE_AVAILABILITY: "))).toBe(true);
  return found.length;
}

describe("a booking in the weekly hours that SetWeeklyHours stored", () => {
  async function booked(): Promise<HostOfHours> {
    const host = await hostOfHours(pair);
    await host.set(["09:00-17:00"], { fromDate: date(-1) });
    await host.book(hours(9, 10));
    expect(await violations(host.hostId)).toEqual([]);
    return host;
  }

  test("is in order when other hours leave it where it is, and its time is kept", async () => {
    const host = await booked();
    await host.set(["10:00-16:00"], { booked: Booked.KEEP });
    expect(await violations(host.hostId)).toEqual([]);
  });

  test.each([
    ["the range ends early", "update weekly_ranges set minutes = '[540,599)' where host_id = $1"],
    ["the hours are of another zone", "update weekly_hours set time_zone = 'America/New_York' where host_id = $1"],
    ["the hours are gone", "delete from weekly_hours where host_id = $1"],
    [
      "there is a closure",
      "insert into closures (host_id, during) select $1::uuid, tstzrange($2::timestamptz, $2 + '1 ms'::interval)",
    ],
    [
      "other hours begin before it",
      `with later as (insert into weekly_hours select $1::uuid, $2::timestamptz::date, 'UTC' returning *)
       insert into weekly_ranges select host_id, from_date, 1, '[0,1)' from later`,
    ],
  ])("is named when %s, by whatever way", async (_what, statement) => {
    const { hostId } = await booked();
    const { start } = hours(9, 10);
    await availability.query(statement, statement.includes("$2") ? [hostId, new Date(start)] : [hostId]);
    expect(await violations(hostId)).toHaveLength(1);
  });
});

describe("a stored booking", () => {
  const nineToFive = { fromDate: "2020-01-01", timeZone: "UTC", ranges: daily(9, 17) };

  test.each([
    ["in hours", [], [], hours(9, 17), 0],
    ["a millisecond too early", [], [], { ...hours(9, 10), start: hours(9, 10).start - 1 }, 1],
    ["a millisecond too late", [], [], { ...hours(16, 17), end: hours(16, 17).end + 1 }, 1],
    ["in a closure", [hours(12, 13)], [], hours(12, 13), 1],
    ["in an opening over a closure", [hours(12, 13)], [hours(12, 13)], hours(11, 14), 0],
    ["in hours and an opening that touch", [], [hours(17, 18)], hours(16, 18), 0],
    ["that an opening beside the hours does not reach", [], [hours(18, 19)], hours(16, 19), 1],
  ])("%s", async (_where, closures, openings, during, expected) => {
    expect(await outside({ periods: [nineToFive], closures, openings }, [during])).toBe(expected);
  });

  test("across midnight, in two ranges that touch", async () => {
    const night = { ...nineToFive, ranges: [...daily(22, 24), ...daily(0, 2)] };
    expect(await outside({ periods: [night] }, [hours(22, 26)])).toBe(0);
    expect(await outside({ periods: [night] }, [hours(22, 26.5)])).toBe(1);
  });

  test("in hours around the clock, for as long as they are in force", async () => {
    const always = { ...nineToFive, ranges: daily(0, 24) };
    const never = { fromDate: date(2), timeZone: "UTC", ranges: [] };
    expect(await outside({ periods: [always] }, [hours(1, 25), hours(40, 64)])).toBe(0);
    expect(await outside({ periods: [always, never] }, [hours(24, 48), hours(48, 49)])).toBe(1);
  });

  test("where a later date begins earlier, because its zone is a day ahead", async () => {
    // Midnight of the second date comes an hour before midnight of the first: 14 hours ahead of UTC, and 11 behind.
    const first = { fromDate: date(1), timeZone: "Pacific/Pago_Pago", ranges: daily(0, 24) };
    const second = { fromDate: date(2), timeZone: "Pacific/Kiritimati", ranges: [] };
    expect(await outside({ periods: [first, second] }, [hours(35, 36)])).toBe(1);
    expect(await outside({ periods: [first, { ...second, fromDate: date(3) }] }, [hours(35, 57)])).toBe(0);
  });

  test("where the hours between two others begin after both, and so never", async () => {
    const before = { ...nineToFive, ranges: daily(0, 24) };
    const between = { fromDate: date(1), timeZone: "Pacific/Pago_Pago", ranges: daily(0, 24) };
    const after = { fromDate: date(2), timeZone: "Pacific/Kiritimati", ranges: [] };
    expect(await outside({ periods: [before, between, after] }, [hours(33, 34), hours(34, 35)])).toBe(1);
  });
});

describe("the zone data that decide are those that are given, whatever PostgreSQL's say", () => {
  const transition = tomorrow(1);
  /** Clocks that are changed tomorrow at 01:00 UTC, forward or back by an hour. */
  const changing =
    (before: number, after: number): OffsetsOf =>
    (_zone, { start, end }) => [
      { from: start, until: transition, offsetMs: before * HOUR_MS },
      { from: transition, until: end, offsetMs: after * HOUR_MS },
    ];
  const forward = changing(1, 2);
  const back = changing(2, 1);

  test("a date that is left out has no hours, and the next one has its own", async () => {
    // Clocks go from -10:00 to +14:00 at what would be midnight before tomorrow's date.
    const midnight = tomorrow(10);
    const leftOut: OffsetsOf = (_zone, { start, end }) => [
      { from: start, until: midnight, offsetMs: -10 * HOUR_MS },
      { from: midnight, until: end, offsetMs: 14 * HOUR_MS },
    ];
    const weekday = (new Date(tomorrow(0)).getUTCDay() + 6) % 7;
    const only = (day: number) => ({
      fromDate: "2020-01-01",
      timeZone: "Pacific/Apia",
      ranges: daily(9, 17).filter((range) => range.day === (day % 7) + 1),
    });
    expect(await outside({ periods: [only(weekday)] }, [hours(19, 20)], { offsetsOf: leftOut })).toBe(1);
    expect(await outside({ periods: [only(weekday + 1)] }, [hours(19, 20)], { offsetsOf: leftOut })).toBe(0);
  });

  test.each([
    // Local 01:30 is UTC 00:30; local 03:30 is 01:30 when the hour from 02:00 is left out.
    ["forward: 01:30 to 03:30 is an hour", forward, [1.5, 3.5], hours(0.5, 1.5), 0],
    ["forward: and no more", forward, [1.5, 3.5], hours(0.5, 1.75), 1],
    ["forward: 02:00 to 03:00 is not there", forward, [2, 3], hours(1, 1.25), 1],
    ["forward: 02:30 does not exist and is read as 03:30", forward, [2.5, 4], hours(1.5, 2), 0],
    ["forward: and not as 01:30", forward, [2.5, 4], hours(1.25, 1.5), 1],
    ["forward: a day has 23 hours", forward, [0, 24], hours(-1, 22), 0],
    // Local 01:30 is UTC -0.5; 02:00 to 03:00 comes twice: from 0 and from 1. The first counts.
    ["back: 01:30 to 03:30 is three hours", back, [1.5, 3.5], hours(-0.5, 2.5), 0],
    ["back: 02:00 to 03:00 is the first of two, and its end is its only one", back, [2, 3], hours(0, 2), 0],
    ["back: 02:30 is the first of two", back, [1.5, 2.5], hours(0, 0.5), 0],
    ["back: and not the second", back, [1.5, 2.5], hours(0.5, 1.5), 1],
    ["back: a day has 25 hours", back, [0, 24], hours(-1, 23), 0],
  ])("%s", async (_what, offsetsOf, [start, end], during, expected) => {
    const period = { fromDate: "2020-01-01", timeZone: "Europe/Berlin", ranges: daily(start!, end!) };
    // Only tomorrow, and today's end before it: the day after tomorrow is another one.
    expect(await outside({ periods: [period] }, [during], { offsetsOf })).toBe(expected);
  });
});
