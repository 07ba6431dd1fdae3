/** A host's rules from outside: read, changed, and kept to from the next call on. */

import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UpdateRulesRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Rules } from "../../shared/gen/availability/v1/rules_pb.ts";
import { type HostOfHours, hostOfHours } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { timesOf } from "../support/times.ts";

let pair: Pair;
let host: HostOfHours;
let hostId: string;

beforeAll(async () => {
  pair = await startPair();
});

beforeEach(async () => {
  host = await hostOfHours(pair);
  ({ hostId } = host);
});

afterAll(() => pair.stop());

type Change = Omit<MessageInitShape<typeof UpdateRulesRequestSchema>, "$typeName" | "hostId">;

const NONE = {
  slotDurationMinutes: 0,
  minimumNoticeMinutes: 0,
  horizonDays: 0,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  seats: 1,
};
const SOME = {
  slotDurationMinutes: 45,
  minimumNoticeMinutes: 120,
  horizonDays: 60,
  bufferBeforeMinutes: 5,
  bufferAfterMinutes: 10,
  seats: 12,
};

async function update(change: Change): Promise<Rules> {
  const { rules } = await pair.clients.availability.updateRules({ hostId, ...change });
  if (rules === undefined) throw new Error("rules were changed and not returned");
  return rules;
}

async function read(): Promise<Rules> {
  const { rules } = await pair.clients.availability.getRules({ hostId });
  if (rules === undefined) throw new Error("a host has no rules");
  return rules;
}

/** A mask by the contract's names of fields. */
const mask = (...paths: string[]) => ({ updateMask: { paths } });

describe("the rules of a host", () => {
  test("for whom none was set are the defaults", async () => {
    expect(await read()).toMatchObject({ hostId, ...NONE });
    await openTime(pair.clients, hostId, hours(9, 12));
    expect(await read()).toMatchObject({ ...NONE, slotDurationMinutes: 30 });
  });

  test("may be set before it has offered any time", async () => {
    const changed = await update(SOME);
    expect(changed).toMatchObject({ hostId, ...SOME });
    expect(await read()).toEqual(changed);
    expect(await host.open()).toBe("");
  });

  test("are a host's own", async () => {
    const other = await createHost(pair.clients);
    await update(SOME);
    expect((await pair.clients.availability.getRules({ hostId: other })).rules).toMatchObject(NONE);
  });
});

describe("an update", () => {
  beforeEach(() => update(SOME));

  test("without a mask changes what is there", async () => {
    expect(await update({ seats: 3 })).toMatchObject({ ...SOME, seats: 3 });
    expect(await update({})).toMatchObject({ ...SOME, seats: 3 });
    expect(await update({ seats: 4, ...mask() })).toMatchObject({ ...SOME, seats: 4 });
  });

  test("is not the only one that changes the etag: open time that brings its slot duration does too", async () => {
    const other = await createHost(pair.clients);
    const etagOf = async () => (await pair.clients.availability.getRules({ hostId: other })).rules?.etag;
    const before = await etagOf();
    await openTime(pair.clients, other, hours(9, 10));
    const after = await etagOf();
    expect(after).not.toBe(before);
    await openTime(pair.clients, other, hours(10, 11));
    expect(await etagOf()).toBe(after);
  });

  test("may set what is also the default", async () => {
    const zeros = { minimumNoticeMinutes: 0, horizonDays: 0, bufferBeforeMinutes: 0, bufferAfterMinutes: 0 };
    expect(await update(zeros)).toMatchObject({ ...SOME, ...zeros });
  });

  test("with a mask changes what it names, and to the default what it names only", async () => {
    const change = { seats: 3, horizonDays: 7, ...mask("seats", "buffer_after_minutes", "seats") };
    expect(await update(change)).toMatchObject({ ...SOME, seats: 3, bufferAfterMinutes: 0 });
  });

  test.each(["slot_duration_minutes", "slot_duration"])("names the slot duration in a mask as %s", async (path) => {
    expect(await update({ slotDurationMinutes: 15, ...mask(path) })).toMatchObject({ slotDurationMinutes: 15 });
    expect(await outcomeOf(update(mask(path)))).toBe("INVALID_REQUEST");
  });

  test("that is refused changes nothing", async () => {
    const before = await read();
    expect(await outcomeOf(update({ seats: 3, ...mask("seats", "host_id") }))).toBe("INVALID_REQUEST");
    expect(await outcomeOf(update({ seats: 3, etag: '"another"' }))).toBe("ETAG_MISMATCH");
    expect(await read()).toEqual(before);
  });

  test("is for those who have seen the rules as they are, if it says which they saw", async () => {
    const { etag } = await read();
    const changed = await update({ seats: 3, etag });
    expect(changed.etag).not.toBe(etag);
    expect(await outcomeOf(update({ seats: 4, etag }))).toBe("ETAG_MISMATCH");
    expect(await update({ seats: 4, etag: changed.etag })).toMatchObject({ seats: 4 });
  });

  test("changes the etag also where nothing differs", async () => {
    const { etag } = await read();
    expect((await update({ seats: SOME.seats })).etag).not.toBe(etag);
  });

  test("that is repeated has no further effect and gets the first answer", async () => {
    const requestId = randomUUID();
    const first = await update({ seats: 3, requestId });
    await update({ seats: 4 });
    expect(await update({ seats: 3, requestId })).toEqual(first);
    expect(await read()).toMatchObject({ seats: 4 });
  });

  test("is another one with another value, mask or etag, and may not have its request id", async () => {
    const requestId = randomUUID();
    await update({ seats: 3, requestId });
    const { etag } = await read();
    const others: Change[] = [
      { seats: 2 },
      { seats: 3, horizonDays: 1 },
      { seats: 3, horizonDays: 0 },
      { seats: 3, ...mask("seats") },
      { seats: 3, etag },
    ];
    for (const other of others) expect(await outcomeOf(update({ ...other, requestId }))).toBe("REQUEST_ID_REUSED");
  });

  test("of ten that have seen the same rules is made once", async () => {
    const { etag } = await read();
    const seats = Array.from({ length: 10 }, (_, index) => index + 20);
    const outcomes = await Promise.all(seats.map((each) => outcomeOf(update({ seats: each, etag }))));
    expect(outcomes.toSorted((a, b) => a.localeCompare(b))).toEqual([
      "accepted",
      ...seats.slice(1).map(() => "ETAG_MISMATCH"),
    ]);
  });

  test("at the same time as another one loses nothing of it", async () => {
    const changes: Change[] = [
      { seats: 3 },
      { horizonDays: 7 },
      { bufferAfterMinutes: 0 },
      { minimumNoticeMinutes: 1 },
    ];
    await Promise.all(changes.map(update));
    expect(await read()).toMatchObject({ ...SOME, ...Object.assign({}, ...changes) });
  });
});

describe("a slot duration that is changed", () => {
  test("is that of all open time, and bookings stay where they are", async () => {
    await openTime(pair.clients, hostId, hours(8, 10));
    await host.set(["12:00-14:00"]);
    const booked = await host.book(hours(8.5, 9));
    await update({ slotDurationMinutes: 60 });
    expect(await host.get()).toMatchObject({ slotDurationMinutes: 60 });
    const { availabilities } = await pair.clients.availability.listAvailability({ hostId, ...timesOf(hours(0, 24)) });
    expect(availabilities.map(({ slotDurationMinutes }) => slotDurationMinutes)).toEqual([60, 60]);
    expect(await host.slotStarts()).toEqual([9, 12, 13]);
    const { booking } = await pair.clients.bookings.getBooking({ bookingId: booked });
    expect(booking).toMatchObject(timesOf(hours(8.5, 9)));
    expect(await outcomeOf(host.book(hours(12, 12.5)))).toBe("OFF_GRID");
  });

  test("is that with which time is added from then on", async () => {
    await openTime(pair.clients, hostId, hours(8, 10));
    await update({ slotDurationMinutes: 20 });
    expect(await outcomeOf(openTime(pair.clients, hostId, hours(10, 12), 30))).toBe("SLOT_DURATION_MISMATCH");
    expect(await outcomeOf(host.set(["12:00-14:00"]))).toBe("SLOT_DURATION_MISMATCH");
    await openTime(pair.clients, hostId, hours(10, 12), 20);
    expect(await host.open()).toBe("8-12");
  });

  test("gives way to that of the first time that a host offers", async () => {
    await update({ slotDurationMinutes: 20, seats: 2 });
    await openTime(pair.clients, hostId, hours(8, 10), 60);
    expect(await read()).toMatchObject({ slotDurationMinutes: 60, seats: 2 });
    expect(await host.slotStarts()).toEqual([8, 9]);
  });
});
