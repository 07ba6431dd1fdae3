/** Rules that Availability keeps, and Booking keeps to: from the first call after the update on. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UpdateRulesRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { type HostOfHours, hostOfHours } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";

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

async function update(change: Omit<MessageInitShape<typeof UpdateRulesRequestSchema>, "$typeName" | "hostId">) {
  await pair.clients.availability.updateRules({ hostId, ...change });
}

describe("once an update is answered", () => {
  const book = async (start: number, end = start + 0.5) => await outcomeOf(host.book(hours(start, end)));

  beforeEach(async () => {
    await openTime(pair.clients, hostId, hours(8, 12));
    // Booking remembers the calendar as it is before the update.
    await host.book(hours(8, 8.5));
  });

  test("seats count in the next list and the next booking", async () => {
    expect(await book(8)).toBe("SLOT_TAKEN");
    await update({ seats: 2 });
    expect(await host.slotStarts(hours(8, 9))).toEqual([8, 8.5]);
    expect(await book(8)).toBe("accepted");
    expect(await book(8)).toBe("SLOT_TAKEN");
    await update({ updateMask: { paths: ["seats"] } });
    await book(9);
    expect(await host.slotStarts(hours(8, 10))).toEqual([8.5, 9.5]);
  });

  test("buffers do", async () => {
    await update({ bufferAfterMinutes: 30 });
    expect(await host.slotStarts(hours(8, 10))).toEqual([8.5, 9, 9.5]);
    await book(9);
    expect(await host.slotStarts(hours(8, 11))).toEqual([10, 10.5]);
    expect(await book(9.5)).toBe("SLOT_TAKEN");
  });

  test("minimum notice and horizon do", async () => {
    const minutes = Math.ceil((tomorrow(10) - Date.now()) / MINUTE_MS) + 1;
    await update({ minimumNoticeMinutes: minutes });
    expect(await host.slotStarts()).toEqual([10.5, 11, 11.5]);
    expect(await book(10)).toBe("TOO_SOON");
    await update({ minimumNoticeMinutes: 0, horizonDays: 1 });
    await openTime(pair.clients, hostId, hours(72, 74));
    expect(tomorrow(72) - Date.now()).toBeGreaterThan(DAY_MS);
    expect(await host.slotStarts(hours(72, 96))).toEqual([]);
    expect(await book(72)).toBe("TOO_FAR");
    await update({ horizonDays: 0 });
    expect(await book(72)).toBe("accepted");
  });
});
