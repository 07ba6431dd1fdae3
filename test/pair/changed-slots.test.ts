/** A slot duration that was changed at another replica a moment ago. */

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR_MS } from "../../shared/time-units.ts";
import { hours } from "../support/hosts-time.ts";
import { createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type ReplicatedPair, startReplicatedPair } from "../support/replicated-pair.ts";

let pair: ReplicatedPair;
beforeAll(async () => {
  pair = await startReplicatedPair();
});
afterAll(() => pair.stop());

test("is what a list of a length goes by, also where the replica remembers the one before", async () => {
  const [first, second] = pair.replicas;
  const hostId = await createHost(first);
  const morning = hours(9, 11);
  await openTime(first, hostId, morning, 60);
  const window = { startTime: timestampFromMs(morning.start), endTime: timestampFromMs(morning.end) };
  const startsOf = async (durationMinutes: number): Promise<number[]> => {
    const { slots } = await first.bookings.listOpenSlots({ hostId, ...window, durationMinutes });
    return slots.map(({ startTime }) => (timestampMs(startTime!) - morning.start) / HOUR_MS);
  };
  expect(await startsOf(60)).toEqual([0, 1]);
  expect(await outcomeOf(startsOf(30))).toBe("OFF_GRID");
  // Its fence goes to the second replica of Booking, so that the first knows nothing of it.
  await second.availability.updateRules({ hostId, slotDurationMinutes: 30 });
  expect(await startsOf(30)).toEqual([0, 0.5, 1, 1.5]);
  await second.availability.updateRules({ hostId, slotDurationMinutes: 60 });
  expect(await outcomeOf(startsOf(30))).toBe("OFF_GRID");
});
