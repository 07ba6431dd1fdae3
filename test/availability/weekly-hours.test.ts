import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { LAST_INSTANT, WEEKLY_HOURS_MAX } from "../../shared/limits.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { hostOfHours, type HostOfHours, lookAt } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { daily, dateOf, hoursRequest } from "../support/weekly-hours.ts";
import { intervalOf, timesOf } from "../support/times.ts";

let pair: Pair;
let host: HostOfHours;

beforeAll(async () => {
  pair = await startPair();
});

beforeEach(async () => {
  host = await hostOfHours(pair);
});

afterAll(() => pair.stop());

describe("weekly hours", () => {
  test("are open time, of every week that follows", async () => {
    await host.set(["09:00-12:30", "13:30-17:00"]);
    expect(await host.open()).toBe("9-12.5 13.5-17");
    const years = 24 * 7 * 52 * 20;
    expect(await host.open(hours(years, years + 24))).toBe(
      `${years + 9}-${years + 12.5} ${years + 13.5}-${years + 17}`,
    );
    expect(await host.slotStarts(hours(12, 14))).toEqual([12, 13.5]);
    expect(await outcomeOf(host.book(hours(12, 12.5)))).toBe("accepted");
    expect(await outcomeOf(host.book(hours(12.5, 13)))).toBe("OUTSIDE_AVAILABILITY");
  });

  test("are told as they were said, by day and time", async () => {
    const ranges = daily("09:00-12:30").slice(0, 2);
    const answer = await pair.clients.availability.setWeeklyHours(
      hoursRequest(host.hostId, ranges.toReversed(), { fromDate: "2027-03-28", timeZone: "Europe/Berlin" }),
    );
    const said = { fromDate: "2027-03-28", timeZone: "Europe/Berlin", ranges };
    expect(answer).toMatchObject({ weeklyHours: said, slotDurationMinutes: 30, kept: [], keptCount: 0 });
    expect(await host.get()).toMatchObject({ weeklyHours: [said], slotDurationMinutes: 30, etag: answer.etag });
  });

  test("begin today in their zone where no date is said", async () => {
    const { weeklyHours } = await host.set(["09:00-10:00"], { fromDate: "", timeZone: "Pacific/Kiritimati" });
    const dateThere = (now: number): string => dateOf(now + 14 * HOUR_MS);
    expect([dateThere(Date.now() - HOUR_MS), dateThere(Date.now())]).toContain(weeklyHours?.fromDate);
  });

  test("last until the next ones begin; those of later dates are replaced", async () => {
    await host.set(["08:00-10:00"]);
    await host.set(["12:00-14:00"], { fromDate: dateOf(tomorrow(48)) });
    await host.set([], { fromDate: dateOf(tomorrow(96)) });
    expect(await host.open(hours(0, 240))).toBe("8-10 32-34 60-62 84-86");
    await host.set(["20:00-21:00"], { fromDate: dateOf(tomorrow(72)) });
    expect(await host.open(hours(0, 120))).toBe("8-10 32-34 60-62 92-93 116-117");
    expect((await host.get()).weeklyHours.map((each) => each.fromDate)).toEqual(
      [0, 48, 72].map((hour) => dateOf(tomorrow(hour))),
    );
  });

  test("that are over are not told", async () => {
    await host.set(["08:00-10:00"], { fromDate: "2020-01-01" });
    await host.set(["08:00-11:00"], { fromDate: "2021-01-01" });
    expect((await host.get()).weeklyHours.map((each) => each.fromDate)).toEqual(["2021-01-01"]);
    expect(await host.open({ start: Date.UTC(2020, 5, 1), end: Date.UTC(2020, 5, 2) })).not.toBe("");
  });

  test("of a night are two ranges and one open time", async () => {
    await host.set(["22:00-24:00", "00:00-06:00"]);
    expect(await host.open(hours(30, 54))).toBe("46-54");
    expect(await host.open(hours(25, 26))).toBe("22-30");
  });

  test("round the clock are one interval whose grid begins where they came into force", async () => {
    const minutes = 420;
    await host.set(["00:00-24:00"], { slotDurationMinutes: minutes });
    const { availabilities } = await pair.clients.availability.listAvailability({
      hostId: host.hostId,
      ...timesOf(hours(2400, 2410)),
    });
    expect(availabilities.map(intervalOf)).toEqual([{ start: tomorrow(0), end: LAST_INSTANT }]);
    const slot = 7 * Math.ceil(2400 / 7);
    expect(await host.slotStarts(hours(2400, 2410))).toEqual([slot, slot + 7].filter((start) => start < 2410));
    expect(await outcomeOf(host.book(hours(slot, slot + 7)))).toBe("accepted");
    expect(await outcomeOf(host.book(hours(slot + 8, slot + 15)))).toBe("OFF_GRID");
    // A closure is a gap, and the grid begins anew behind it.
    await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(hours(0, 24)) });
    expect((await host.slotStarts(hours(24, 60))).slice(0, 2)).toEqual([24, 31]);
  });

  test("are read at what clocks on the wall show when clocks change", async () => {
    await host.set(["13:00-18:00"], { fromDate: "2027-03-01", timeZone: "Europe/Berlin" });
    const day = (date: number): Interval => ({ start: Date.UTC(2027, 2, date), end: Date.UTC(2027, 2, date + 1) });
    const openOn = async (date: number): Promise<string[]> => {
      const { availabilities } = await pair.clients.availability.listAvailability({
        hostId: host.hostId,
        ...timesOf(day(date)),
      });
      return availabilities.flatMap((each) =>
        [intervalOf(each)].flatMap(({ start, end }) =>
          [start, end].map((at) => new Date(at).toISOString().slice(11, 16)),
        ),
      );
    };
    expect(await openOn(27)).toEqual(["12:00", "17:00"]);
    expect(await openOn(28)).toEqual(["11:00", "16:00"]);
  });

  test("of one host have one slot duration, and so have openings", async () => {
    await openTime(pair.clients, host.hostId, hours(8, 9), 30);
    expect(await outcomeOf(host.set(["10:00-11:00"], { slotDurationMinutes: 60 }))).toBe("SLOT_DURATION_MISMATCH");
    await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(hours(8, 9)) });
    expect(await outcomeOf(host.set(["10:00-11:00"], { slotDurationMinutes: 60 }))).toBe("accepted");
    expect(await outcomeOf(openTime(pair.clients, host.hostId, hours(20, 21), 30))).toBe("SLOT_DURATION_MISMATCH");
    expect(await outcomeOf(openTime(pair.clients, host.hostId, hours(20, 21), 60))).toBe("accepted");
  });

  test("that are over bind nobody to their slot duration", async () => {
    await host.set(["10:00-11:00"], { fromDate: "2020-01-01" });
    await host.set([], { fromDate: "2021-01-01" });
    expect(await outcomeOf(openTime(pair.clients, host.hostId, hours(20, 21), 60))).toBe("accepted");
  });

  test("can be set until the last date that there is", async () => {
    await host.set(["00:00-24:00"]);
    expect(await outcomeOf(host.set([], { fromDate: "2199-06-01" }))).toBe("accepted");
    expect(await outcomeOf(host.set(["00:00-24:00"], { fromDate: "2199-12-31" }))).toBe("accepted");
  });

  test("that a caller has not seen are not replaced", async () => {
    const { etag } = await host.get();
    const first = await host.set(["08:00-10:00"], { etag });
    expect(await outcomeOf(host.set(["08:00-11:00"], { etag }))).toBe("ETAG_MISMATCH");
    expect(await host.open()).toBe("8-10");
    expect(await outcomeOf(host.set(["08:00-11:00"], { etag: first.etag }))).toBe("accepted");
    expect(await host.open()).toBe("8-11");
  });

  test("that are set again with the same request_id are set once", async () => {
    const requestId = randomUUID();
    const first = await host.set(["08:00-10:00"], { requestId });
    await host.set(["08:00-11:00"]);
    expect(await host.set(["08:00-10:00"], { requestId })).toEqual(first);
    expect(await host.open()).toBe("8-11");
    expect(await outcomeOf(host.set(["08:00-12:00"], { requestId }))).toBe("REQUEST_ID_REUSED");
  });

  test("begin on a limited number of dates", async () => {
    for (let index = 0; index < WEEKLY_HOURS_MAX; index += 1) {
      await host.set(["08:00-10:00"], { fromDate: dateOf(tomorrow(24 * index)) });
    }
    const later = dateOf(tomorrow(24 * WEEKLY_HOURS_MAX));
    expect(await outcomeOf(host.set(["08:00-10:00"], { fromDate: later }))).toBe("TOO_MANY_WEEKLY_HOURS");
    expect(await outcomeOf(host.set(["08:00-10:00"], { fromDate: dateOf(tomorrow(24)) }))).toBe("accepted");
    expect(await outcomeOf(host.set(["08:00-10:00"], { fromDate: later }))).toBe("accepted");
  });

  test("are nobody's but a host's", async () => {
    host = lookAt(pair, host.guestId, host.guestId);
    expect(await outcomeOf(host.set(["08:00-10:00"]))).toBe("NOT_A_HOST");
    expect(await outcomeOf(host.get())).toBe("NOT_A_HOST");
    host = lookAt(pair, randomUUID(), host.guestId);
    expect(await outcomeOf(host.set(["08:00-10:00"]))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(host.exceptions())).toBe("USER_NOT_FOUND");
  });
});

test("forty hosts have hours of every year by one call each", async () => {
  const hosts = await Promise.all(Array.from({ length: 40 }, () => createHost(pair.clients)));
  await Promise.all(
    hosts.map((id) =>
      pair.clients.availability.setWeeklyHours(hoursRequest(id, daily("09:00-17:00"), { timeZone: "Europe/Berlin" })),
    ),
  );
  for (const id of hosts) {
    host = lookAt(pair, id, host.guestId);
    expect((await host.slotStarts({ start: tomorrow(0) + 300 * DAY_MS, end: tomorrow(0) + 301 * DAY_MS })).length).toBe(
      16,
    );
  }
});
