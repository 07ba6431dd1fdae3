import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { exceptionText, hostOfHours, type HostOfHours } from "../support/host-of-hours.ts";
import { hours, inHours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { intervalOf, timesOf } from "../support/times.ts";

let pair: Pair;
let host: HostOfHours;
let pool: Pool;

beforeAll(async () => {
  pair = await startPair();
  pool = poolOf(pair.availability.databaseUrl);
});

beforeEach(async () => {
  host = await hostOfHours(pair);
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
});

describe("lists", () => {
  test("of exceptions go on after the last one of a page", async () => {
    await host.set(["09:00-17:00"]);
    await openTime(pair.clients, host.hostId, hours(0, 4));
    for (const start of [1, 2, 3]) {
      await pair.clients.availability.removeAvailability({
        hostId: host.hostId,
        ...timesOf(hours(start + 8, start + 8.5)),
      });
      await openTime(pair.clients, host.hostId, hours(start + 20, start + 20.5));
    }
    const window = hours(3, 23);
    const all = await host.exceptions(window);
    expect(all).toBe("OPENING 0-4, CLOSURE 9-9.5, CLOSURE 10-10.5, CLOSURE 11-11.5, OPENING 21-21.5, OPENING 22-22.5");
    for (const pageSize of [1, 2, 5]) {
      const found: string[] = [];
      let pageToken = "";
      do {
        const page = await pair.clients.availability.listExceptions({
          hostId: host.hostId,
          ...timesOf(window),
          pageSize,
          pageToken,
        });
        expect(page.exceptions.length).toBeGreaterThan(0);
        found.push(...page.exceptions.map(exceptionText));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(found.join(", ")).toBe(all);
    }
  });

  test("of open time are whole intervals, however a window or a page cuts them", async () => {
    await host.set(["09:00-17:00"]);
    await openTime(pair.clients, host.hostId, hours(17, 33));
    const whole = "9-41";
    expect(await host.open(hours(20, 21))).toBe(whole);
    expect(await host.open(hours(9, 10))).toBe(whole);
    expect(await host.open(hours(40, 58))).toBe(`${whole} 57-65`);
    const found: Interval[] = [];
    let pageToken = "";
    do {
      const page = await pair.clients.availability.listAvailability({
        hostId: host.hostId,
        ...timesOf(hours(10, 24 * 5)),
        pageSize: 1,
        pageToken,
      });
      found.push(...page.availabilities.map(intervalOf));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(inHours(found)).toBe("9-41 57-65 81-89 105-113");
  });

  test("of open time that more exceptions cut up than are read at once have every piece", async () => {
    await host.set(["00:00-24:00"], { slotDurationMinutes: 1 });
    await pool.query(
      `insert into closures (host_id, during)
       select $1, tstzrange(start, start + '1 minute')
       from (select to_timestamp($2) + n * '10 minutes'::interval as start from generate_series(0, 2499) as n) as starts`,
      [host.hostId, tomorrow(1) / 1000],
    );
    const found: Interval[] = [];
    let pageToken = "";
    do {
      const page = await pair.clients.availability.listAvailability({
        hostId: host.hostId,
        ...timesOf(hours(0, 24 * 30)),
        pageSize: 500,
        pageToken,
      });
      found.push(...page.availabilities.map(intervalOf));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(found).toHaveLength(2501);
    const openMs = found.slice(0, -1).reduce((sum, { start, end }) => sum + end - start, 0);
    expect(openMs).toBe(HOUR_MS + 2499 * 9 * 60_000);
    expect(await host.slotStarts(hours(24 * 17, 24 * 17 + 0.25))).toHaveLength(13);
  });
});
