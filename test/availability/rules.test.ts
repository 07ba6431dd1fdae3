import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UpdateRulesRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Rules } from "../../shared/gen/availability/v1/rules_pb.ts";
import { BadRequestSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { hostOfHours, type HostOfHours, lookAt } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";

type Asked = Omit<MessageInitShape<typeof UpdateRulesRequestSchema>, "hostId" | "$typeName">;

const DEFAULTS = {
  slotDurationMinutes: 0,
  minimumNoticeMinutes: 0,
  horizonDays: 0,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  seats: 1,
};
const SET = {
  slotDurationMinutes: 30,
  minimumNoticeMinutes: 60,
  horizonDays: 90,
  bufferBeforeMinutes: 5,
  bufferAfterMinutes: 10,
  seats: 3,
};

let pair: Pair;
let host: HostOfHours;

beforeAll(async () => {
  pair = await startPair();
});

beforeEach(async () => {
  host = await hostOfHours(pair);
});

afterAll(() => pair.stop());

async function rules(): Promise<Rules | undefined> {
  return (await pair.clients.availability.getRules({ hostId: host.hostId })).rules;
}

async function update(asked: Asked): Promise<Rules | undefined> {
  return (await pair.clients.availability.updateRules({ hostId: host.hostId, ...asked })).rules;
}

function mask(...paths: string[]): { updateMask: { paths: string[] } } {
  return { updateMask: { paths } };
}

async function namedBy(asked: Asked): Promise<string[]> {
  const [details] = (await refusalOf(update(asked))).findDetails(BadRequestSchema);
  return details?.fieldViolations.map(({ field }) => field) ?? [];
}

describe("rules", () => {
  test("are the defaults of a host for whom none was set", async () => {
    expect(await rules()).toMatchObject({ hostId: host.hostId, ...DEFAULTS });
  });

  test("that are there change where there is no mask, those set to 0 too", async () => {
    expect(await update(SET)).toMatchObject({ hostId: host.hostId, ...SET });
    expect(await update({ horizonDays: 0, seats: 4 })).toMatchObject({ ...SET, horizonDays: 0, seats: 4 });
    const last = await update({ ...mask(), seats: 5 });
    expect(last).toMatchObject({ ...SET, horizonDays: 0, seats: 5 });
    expect(await rules()).toEqual(last);
  });

  test("that a mask names change, to their defaults where they are not there, and no others", async () => {
    await update(SET);
    const after = await update({ ...mask("minimum_notice_minutes", "seats"), seats: 2, horizonDays: 1 });
    expect(after).toMatchObject({ ...SET, minimumNoticeMinutes: 0, seats: 2 });
    const { slotDurationMinutes } = SET;
    const all = ["minimum_notice_minutes", "horizon_days", "buffer_before_minutes", "buffer_after_minutes", "seats"];
    expect(await update(mask(...all))).toMatchObject({ ...DEFAULTS, slotDurationMinutes });
  });

  test("that a mask cannot name are refused, and a slot duration that it names and that is not there", async () => {
    const before = await update(SET);
    expect(await namedBy({ ...mask("seats", "host_id"), seats: 2 })).toEqual(["update_mask"]);
    expect(await namedBy({ ...mask("*"), seats: 2 })).toEqual(["update_mask"]);
    expect(await namedBy({ ...mask("slot_duration_minutes", "seats"), seats: 2 })).toEqual(["slot_duration_minutes"]);
    expect(await rules()).toEqual(before);
  });

  test("that a caller has not seen are not changed", async () => {
    const { etag: none } = (await rules())!;
    const first = (await update({ seats: 2, etag: none }))!;
    expect(await outcomeOf(update({ seats: 3, etag: none }))).toBe("ETAG_MISMATCH");
    expect(await rules()).toEqual(first);
    // Also an update that changes nothing is one.
    const { etag } = (await update({ seats: 2, etag: first.etag }))!;
    expect(etag).not.toBe(first.etag);
  });

  test("that are updated again with the same request_id are updated once", async () => {
    const requestId = randomUUID();
    const asked = { ...mask("seats", "horizon_days"), seats: 2, requestId };
    const first = await update(asked);
    const second = await update({ seats: 5 });
    expect(await update(asked)).toEqual(first);
    expect(await update({ ...asked, ...mask("horizon_days", "seats") })).toEqual(first);
    expect(await rules()).toEqual(second);
  });

  test.each<[string, Asked, Asked]>([
    ["another value", { seats: 2 }, { seats: 3 }],
    ["a value of 0 in place of none", { seats: 2 }, { seats: 2, horizonDays: 0 }],
    ["0 for another rule", { horizonDays: 0 }, { bufferAfterMinutes: 0 }],
    ["a mask", { seats: 2 }, { seats: 2, ...mask("seats") }],
    ["another mask", mask("seats"), mask("seats", "horizon_days")],
  ])("are another request with %s", async (_what, asked, other) => {
    const requestId = randomUUID();
    const first = await update({ ...asked, requestId });
    expect(await outcomeOf(update({ ...other, requestId }))).toBe("REQUEST_ID_REUSED");
    expect(await rules()).toEqual(first);
  });

  test("of one update at a time: of many with one etag one is accepted, and without none is lost", async () => {
    const { etag } = (await rules())!;
    const seen = await Promise.all(
      Array.from({ length: 8 }, (_, index) => outcomeOf(update({ seats: index + 1, etag }))),
    );
    expect(seen.toSorted()).toEqual([...Array.from({ length: 7 }, () => "ETAG_MISMATCH"), "accepted"]);
    await Promise.all(Object.entries(SET).map(([rule, value]) => update({ [rule]: value })));
    expect(await rules()).toMatchObject(SET);
  });

  test("are nobody's but a host's", async () => {
    host = lookAt(pair, host.guestId, host.guestId);
    expect([await outcomeOf(rules()), await outcomeOf(update({ seats: 2 }))]).toEqual(["NOT_A_HOST", "NOT_A_HOST"]);
    host = lookAt(pair, randomUUID(), host.guestId);
    expect([await outcomeOf(rules()), await outcomeOf(update({ seats: 2 }))]).toEqual([
      "USER_NOT_FOUND",
      "USER_NOT_FOUND",
    ]);
  });
});

describe("a slot duration", () => {
  test("that is updated holds for openings and weekly hours alike, and bookings stay where they are", async () => {
    await host.set(["09:00-12:00"]);
    await openTime(pair.clients, host.hostId, hours(14, 16));
    const bookingId = await host.book(hours(9.5, 10));
    await update({ slotDurationMinutes: 60 });
    expect(await host.slotStarts()).toEqual([10, 11, 14, 15]);
    expect(await outcomeOf(host.book(hours(14, 14.5)))).toBe("OFF_GRID");
    expect(await outcomeOf(host.book(hours(14, 15)))).toBe("accepted");
    const { booking } = await pair.clients.bookings.getBooking({ bookingId });
    expect(booking).toMatchObject({ startTime: expect.anything(), state: 2 });
    const { availabilities } = await pair.clients.availability.listAvailability({ hostId: host.hostId });
    expect(new Set(availabilities.map(({ slotDurationMinutes }) => slotDurationMinutes))).toEqual(new Set([60]));
    expect(await host.get()).toMatchObject({ slotDurationMinutes: 60 });
    // Other calls tell which one they mean; they do not change it.
    expect(await outcomeOf(openTime(pair.clients, host.hostId, hours(20, 21), 30))).toBe("SLOT_DURATION_MISMATCH");
    expect(await outcomeOf(openTime(pair.clients, host.hostId, hours(20, 21), 60))).toBe("accepted");
  });

  test("that is set before there is open time, and one that was never set, are no matter of the other rules", async () => {
    await update({ seats: 2 });
    await host.set(["09:00-10:00"]);
    expect(await rules()).toMatchObject({ seats: 2, slotDurationMinutes: 30 });
    expect(await host.slotStarts()).toEqual([9, 9.5]);
    await update({ slotDurationMinutes: 20 });
    expect(await rules()).toMatchObject({ seats: 2, slotDurationMinutes: 20 });
  });
});
