import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Booked } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { ErrorInfoSchema, PreconditionFailureSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { hostOfHours, type HostOfHours } from "../support/host-of-hours.ts";
import { hours, inHours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { intervalOf } from "../support/times.ts";

let pair: Pair;
let host: HostOfHours;

beforeAll(async () => {
  pair = await startPair();
});

beforeEach(async () => {
  host = await hostOfHours(pair);
});

afterAll(() => pair.stop());

describe("hours that shrink over bookings", () => {
  beforeEach(async () => {
    await host.set(["09:00-17:00"]);
  });

  test("are refused with the bookings in the way, and change nothing", async () => {
    const booked = [await host.book(hours(9.5, 10)), await host.book(hours(16.5, 17))];
    const refusal = await refusalOf(host.set(["10:00-16:00"]));
    expect(refusal.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "AVAILABILITY_BOOKED",
      metadata: { booking_count: "2" },
    });
    const named = refusal.findDetails(PreconditionFailureSchema)[0]?.violations.map(({ subject }) => subject);
    expect(named).toEqual(booked);
    expect(await host.open()).toBe("9-17");
    expect((await host.get()).weeklyHours).toHaveLength(1);
  });

  test("keep their time open if they are to be kept, and offer it to nobody until they are cancelled", async () => {
    const booked = [await host.book(hours(9.5, 10)), await host.book(hours(16.5, 17))];
    const answer = await host.set(["10:00-16:00"], { booked: Booked.KEEP });
    expect(answer.kept.map((each) => each.bookingId)).toEqual(booked);
    expect(inHours(answer.kept.map(intervalOf))).toBe("9.5-10 16.5-17");
    expect(answer.keptCount).toBe(2);
    expect(await host.open()).toBe("9.5-16 16.5-17");
    expect(await host.open(hours(24, 48))).toBe("34-40");
    expect(await host.exceptions()).toBe("OPENING 9.5-10, OPENING 16.5-17");
    expect(await host.slotStarts()).toEqual(Array.from({ length: 12 }, (_, index) => 10 + index / 2));
    expect(await outcomeOf(host.book(hours(9.5, 10)))).toBe("SLOT_TAKEN");
    await pair.clients.bookings.cancelBooking({ bookingId: booked[0]! });
    expect((await host.slotStarts())[0]).toBe(9.5);
  });

  test("keep what lies in the time that goes, of a booking that lies in both", async () => {
    await host.book(hours(9.5, 11));
    await host.set(["10:00-16:00"], { booked: Booked.KEEP });
    expect(await host.exceptions()).toBe("OPENING 9.5-10");
  });

  test("of more bookings than one answer tells are kept for all", async () => {
    await host.set(["00:00-24:00"], { slotDurationMinutes: 30 });
    for (let hour = 0; hour < 300; hour += 10) {
      // Not all at once: a busy machine would not get to some of them in time.
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => host.book(hours(hour + index / 2, hour + (index + 1) / 2))),
      );
    }
    expect((await refusalOf(host.set([]))).findDetails(ErrorInfoSchema)[0]?.metadata["booking_count"]).toBe("600");
    const answer = await host.set([], { booked: Booked.KEEP });
    expect([answer.kept.length, answer.keptCount]).toEqual([500, 600]);
    expect(await host.open(hours(0, 400))).toBe("0-300");
  });

  test("do not care for bookings that are over or cancelled", async () => {
    await pair.clients.bookings.cancelBooking({ bookingId: await host.book(hours(9.5, 10)) });
    expect(await outcomeOf(host.set(["10:00-16:00"]))).toBe("accepted");
  });

  test("are compared as far as the last booking, were it centuries ahead", async () => {
    const last = Date.UTC(2199, 11, 2, 9);
    await host.book({ start: last, end: last + HOUR_MS });
    expect(await outcomeOf(host.set(["10:00-16:00"]))).toBe("AVAILABILITY_BOOKED");
    expect((await host.set(["10:00-16:00"], { booked: Booked.KEEP })).keptCount).toBe(1);
    expect(await outcomeOf(host.set(["10:00-11:00"]))).toBe("accepted");
  });

  test("are refused for a booking that is years ahead", async () => {
    const years = 24 * 7 * 52 * 3;
    await host.book(hours(years + 9, years + 9.5));
    expect(await outcomeOf(host.set(["10:00-16:00"]))).toBe("AVAILABILITY_BOOKED");
    expect(await outcomeOf(host.set(["09:00-10:00"]))).toBe("accepted");
  });
});
