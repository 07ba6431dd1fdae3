import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Booked } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { FIRST_INSTANT, INSTANTS_END } from "../../shared/limits.ts";
import { hostOfHours, type HostOfHours } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { dateOf } from "../support/weekly-hours.ts";
import { timesOf } from "../support/times.ts";

let pair: Pair;
let host: HostOfHours;

beforeAll(async () => {
  pair = await startPair();
});

beforeEach(async () => {
  host = await hostOfHours(pair);
});

afterAll(() => pair.stop());

describe("a holiday", () => {
  const holiday = hours(24, 24 * 15);
  const first = (): Promise<string> => host.open(hours(0, 48));

  test("survives changes of hours, until it is restored", async () => {
    await host.set(["09:00-17:00"]);
    const { removedCount } = await pair.clients.availability.removeAvailability({
      hostId: host.hostId,
      ...timesOf(holiday),
    });
    expect(removedCount).toBe(14);
    expect(await first()).toBe("9-17");
    await host.set(["10:00-16:00"]);
    await host.set(["08:00-18:00"]);
    expect(await first()).toBe("8-18");
    expect(await host.exceptions()).toBe("CLOSURE 24-360");
    const restored = await pair.clients.availability.restoreWeeklyHours({
      hostId: host.hostId,
      ...timesOf(hours(0, 48)),
    });
    expect(restored.exceptionCount).toBe(1);
    expect(await first()).toBe("8-18 32-42");
    expect(await host.exceptions()).toBe("CLOSURE 48-360");
  });

  test("can be said before the hours begin", async () => {
    await host.set(["09:00-17:00"], { fromDate: dateOf(tomorrow(240)) });
    await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(hours(0, 264)) });
    expect(await host.exceptions()).toBe("CLOSURE 240-264");
    expect(await host.open(hours(0, 288))).toBe("273-281");
  });

  test("of a host without hours leaves nothing behind", async () => {
    await openTime(pair.clients, host.hostId, hours(8, 10));
    await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(hours(0, 24)) });
    expect(await host.exceptions()).toBe("");
  });

  test("ends where time is added: the last word counts", async () => {
    await host.set(["09:00-17:00"]);
    await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(holiday) });
    await openTime(pair.clients, host.hostId, hours(36, 38));
    expect(await host.exceptions()).toBe("CLOSURE 24-36, OPENING 36-38, CLOSURE 38-360");
    expect(await first()).toBe("9-17 36-38");
    await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(hours(37, 40)) });
    expect(await first()).toBe("9-17 36-37");
  });

  test("of all time closes hours that never end, and tells the first ranges", async () => {
    await host.set(["09:00-12:00", "13:00-14:00", "15:00-16:00", "17:00-18:00"]);
    const all = { start: FIRST_INSTANT, end: INSTANTS_END - 1 };
    const late = { start: Date.UTC(2190, 0, 1), end: Date.UTC(2190, 0, 2) };
    await openTime(pair.clients, host.hostId, late);
    const answer = await pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(all) });
    expect(answer.removed.length).toBeLessThanOrEqual(1000);
    expect(await host.open(hours(0, 24 * 365))).toBe("");
    expect(await host.open(late)).toBe("");
    await openTime(pair.clients, host.hostId, hours(9, 10));
    expect(await host.open()).toBe("9-10");
  });

  test("on which somebody has booked is refused, or kept open for the booking", async () => {
    await host.set(["09:00-17:00"]);
    const id = await host.book(hours(33, 34));
    expect(
      await outcomeOf(pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(holiday) })),
    ).toBe("AVAILABILITY_BOOKED");
    const removal = { hostId: host.hostId, ...timesOf(holiday), booked: Booked.KEEP };
    const answer = await pair.clients.availability.removeAvailability(removal);
    expect(answer.kept.map((each) => each.bookingId)).toEqual([id]);
    expect(await first()).toBe("9-17 33-34");
    const restore = { hostId: host.hostId, ...timesOf(hours(0, 24 * 30)) };
    await host.set([], { booked: Booked.KEEP });
    expect(await outcomeOf(pair.clients.availability.restoreWeeklyHours(restore))).toBe("AVAILABILITY_BOOKED");
    await pair.clients.availability.restoreWeeklyHours({ ...restore, booked: Booked.KEEP });
    expect(await host.exceptions()).toBe("OPENING 33-34");
  });
});
