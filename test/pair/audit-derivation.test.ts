/**
 * Two opinions on what is open: the audit's, in SQL, and the service's, which derives in TypeScript. Bookings are stored beside
 * generated hours and exceptions; the audit must name exactly those that the service's `openTime` does not hold.
 */

import * as fc from "fast-check";
import pg, { type Client } from "pg";
import { expect, test } from "vitest";
import { type Intent, openTime } from "../../services/availability/domain/open-time.ts";
import type { LocalRange, Period } from "../../services/availability/domain/weekly-hours.ts";
import { audit, type DatabaseUrls } from "../../services/ops/audit/audit.ts";
import { nodeOffsets, type OffsetsOf } from "../../services/ops/audit/zone-data.ts";
import { contains, type Instant, type Interval, merge } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { createDatabase } from "../support/postgres.ts";
import { storeBookings } from "../support/stored-bookings.ts";
import { storeHosts } from "../support/stored-hours.ts";

const HOSTS = 400;

const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Africa/Cairo",
  "Asia/Beirut",
  "Africa/Casablanca",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
  "America/Scoresbysund",
  "Antarctica/Troll",
  "UTC",
];

/**
 * 28 years, after which weekdays and dates are the same. The audit looks at what is to come only; by these many days what
 * clocks went through from 2000 on is to come once more (Apia lost a day in 2011, Sao Paulo had its last summer time in 2019).
 */
const AGAIN_MS = (28 * 365 + 7) * DAY_MS;
const historical: OffsetsOf = (timeZone, { start, end }) =>
  nodeOffsets(timeZone, { start: start - AGAIN_MS, end: end - AGAIN_MS })?.map(({ from, until, offsetMs }) => ({
    from: from + AGAIN_MS,
    until: until + AGAIN_MS,
    offsetMs,
  }));

interface HostCase {
  readonly intent: Intent;
  /** By start; they do not overlap. */
  readonly bookings: readonly Interval[];
}

const minute = fc.oneof(
  fc.constantFrom(0, 30, 60, 90, 120, 150, 180, 540, 1020, 1380, 1410, 1440),
  fc.nat({ max: 96 }).map((quarter) => quarter * 15),
);
/** Of one day, without overlaps: every second piece between some minutes; or all of it. */
const dayRanges = fc.oneof(
  { weight: 1, arbitrary: fc.constant([[0, 1440] as const]) },
  {
    weight: 3,
    arbitrary: fc.uniqueArray(minute, { maxLength: 6 }).map((minutes) => {
      const sorted = minutes.toSorted((a, b) => a - b);
      return sorted.flatMap((start, index) => {
        const end = sorted[index + 1];
        return index % 2 === 0 && end !== undefined ? [[start, end] as const] : [];
      });
    }),
  },
);
const ranges = fc
  .array(dayRanges, { minLength: 7, maxLength: 7 })
  .map((days) => days.flatMap((each, day): LocalRange[] => each.map(([start, end]) => ({ day: day + 1, start, end }))));

/** Transitions of a zone in the years that a case may lie in; the middle of some months where there are none. */
function placesIn(timeZone: string): Instant[] {
  const years = { start: Date.UTC(2000, 0, 1), end: Date.UTC(2026, 0, 1) };
  const starts = nodeOffsets(timeZone, years)!.map(({ from }) => from);
  return [...starts, Date.UTC(2011, 4, 15), Date.UTC(2025, 10, 5)];
}

const around = (place: Instant): fc.Arbitrary<Instant> =>
  fc.integer({ min: -12 * 24, max: 12 * 24 }).map((quarter) => place - (place % HOUR_MS) + quarter * 15 * MINUTE_MS);

function intervals(place: Instant, maxLength: number, lengths: fc.Arbitrary<number>): fc.Arbitrary<Interval[]> {
  return fc.array(
    fc.tuple(around(place), lengths).map(([start, length]) => ({ start, end: start + length * MINUTE_MS })),
    { maxLength },
  );
}

const hostCase: fc.Arbitrary<HostCase> = fc
  .constantFrom(...ZONES)
  .chain((zone) => fc.tuple(fc.constant(zone), fc.constantFrom(...placesIn(zone))))
  .chain(([zone, place]) => {
    const period = fc.record({
      fromDate: fc
        .oneof(fc.constantFrom(-9000, -400), fc.integer({ min: -4, max: 4 }))
        .map((days) => new Date(place + days * DAY_MS).toISOString().slice(0, 10)),
      timeZone: fc.oneof(fc.constant(zone), fc.constantFrom(...ZONES)),
      ranges,
    });
    const exceptions = intervals(place, 3, fc.constantFrom(30, 60, 180, 900, 3000)).map(merge);
    return fc.record({
      intent: fc.record({
        periods: fc
          .uniqueArray(period, { maxLength: 4, selector: ({ fromDate }) => fromDate })
          .map((periods) => periods.toSorted((a, b) => a.fromDate.localeCompare(b.fromDate))),
        openings: exceptions,
        closures: exceptions,
      }),
      bookings: intervals(place, 12, fc.constantFrom(15, 30, 45, 60, 90, 300, 1440)).map(apart),
    });
  });

/** Without those that overlap one before them. */
function apart(bookings: readonly Interval[]): Interval[] {
  const kept: Interval[] = [];
  for (const each of bookings.toSorted((a, b) => a.start - b.start)) {
    if (each.start >= (kept.at(-1)?.end ?? -Infinity)) kept.push(each);
  }
  return kept;
}

const later = ({ start, end }: Interval): Interval => ({ start: start + AGAIN_MS, end: end + AGAIN_MS });

function laterPeriod(period: Period): Period {
  return { ...period, fromDate: new Date(Date.parse(period.fromDate) + AGAIN_MS).toISOString().slice(0, 10) };
}

/** Stores cases as if they were 28 years later; returns the hosts' ids. */
async function store(availability: Client, booking: Client, cases: readonly HostCase[]): Promise<string[]> {
  const intents = cases.map(({ intent }) => ({
    periods: intent.periods.map(laterPeriod),
    openings: intent.openings.map(later),
    closures: intent.closures.map(later),
  }));
  const hostIds = await storeHosts(availability, intents);
  const stored = cases.flatMap(({ bookings }, index) =>
    bookings.map((during) => ({ hostId: hostIds[index]!, guestId: hostIds[index]!, during: later(during) })),
  );
  await storeBookings(booking, stored, "kept");
  return hostIds;
}

/** When those bookings start that the service finds outside. */
function outsideOf({ intent, bookings }: HostCase): string[] {
  return bookings
    .filter((during) => !openTime(intent, during).some((open) => contains(open, during)))
    .map(({ start }) => new Date(start + AGAIN_MS).toISOString());
}

/** When those bookings start that the audit finds outside, by host. */
async function found(urls: DatabaseUrls, booking: Client): Promise<Map<string, string[]>> {
  const violations = await Array.fromAsync(audit(urls, { offsetsOf: historical }));
  const ids = violations.map((violation) => (violation.kind === "OUTSIDE_AVAILABILITY" ? violation.bookingId : ""));
  const { rows } = await booking.query<{ host_id: string; starts: Date[] }>(
    `select host_id, array_agg(lower(during) order by lower(during)) as starts
     from bookings where id = any($1::uuid[]) group by host_id`,
    [ids],
  );
  return new Map(rows.map(({ host_id: hostId, starts }) => [hostId, starts.map((start) => start.toISOString())]));
}

async function connected(url: string): Promise<Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

test("the audit names the bookings that the service's open time does not hold, and no other", async () => {
  const databases = { availability: await createDatabase("availability"), booking: await createDatabase("booking") };
  const urls = { availability: databases.availability.url, booking: databases.booking.url };
  const [availability, booking] = [await connected(urls.availability), await connected(urls.booking)];
  const seed = Math.floor(Math.random() * 2 ** 31);
  const cases = fc.sample(hostCase, { numRuns: HOSTS, seed });
  const hostIds = await store(availability, booking, cases);
  const named = await found(urls, booking);
  const disagreements = cases.flatMap((each, index) => {
    const [service, sql] = [outsideOf(each), named.get(hostIds[index]!) ?? []];
    return service.join() === sql.join() ? [] : [{ seed, service, sql, ...each }];
  });
  expect(disagreements).toEqual([]);
  // Neither answer is the usual one.
  const all = cases.flatMap(({ bookings }) => bookings).length;
  const outside = cases.flatMap(outsideOf).length;
  expect(Math.min(outside, all - outside)).toBeGreaterThan(all / 5);
  await Promise.all([availability.end(), booking.end()]);
  await Promise.all([databases.availability.drop(), databases.booking.drop()]);
});
