/** Time that a call opens is listed at once, also by a replica that remembers the host without it. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { hours, inHours } from "../support/hosts-time.ts";
import { openTime } from "../support/people.ts";
import { fenceStage } from "./fence-stage.ts";
import { setEveryDay } from "./shrinking.ts";
import { timesOf } from "../support/times.ts";

const stage = fenceStage();

/** The slots of tomorrow, by the replica through which nothing is changed. */
async function listed(): Promise<string> {
  const { clients } = stage.pairs[1];
  const { slots } = await clients.bookings.listOpenSlots({ hostId: stage.hostId, ...timesOf(hours(0, 24)) });
  return inHours(
    slots.map(({ startTime, endTime }) => ({ start: timestampMs(startTime!), end: timestampMs(endTime!) })),
  );
}

const setHours = (...ranges: readonly Interval[]): Promise<void> =>
  setEveryDay(stage.pairs[0].clients, stage.hostId, ranges);

test.each([
  {
    what: "an addition",
    begin: () => openTime(stage.pairs[0].clients, stage.hostId, hours(8, 9)),
    open: () => openTime(stage.pairs[0].clients, stage.hostId, hours(10, 11)),
  },
  {
    what: "a host's first weekly hours",
    begin: () => openTime(stage.pairs[0].clients, stage.hostId, hours(8, 9)),
    open: () => setHours(hours(10, 11)),
  },
  {
    what: "a change of weekly hours",
    begin: () => setHours(hours(8, 9)),
    open: () => setHours(hours(8, 9), hours(10, 11)),
  },
  {
    what: "the end of a closure",
    begin: async () => {
      await setHours(hours(8, 9), hours(10, 11));
      expect(await stage.remove(hours(10, 12))).toBe("accepted");
    },
    open: () => {
      const closure = { hostId: stage.hostId, ...timesOf(hours(10, 12)) };
      return stage.pairs[0].clients.availability.restoreWeeklyHours(closure);
    },
  },
])("$what", async ({ begin, open }) => {
  await begin();
  expect(await listed()).toBe("8-8.5 8.5-9");
  await open();
  expect(await listed()).toBe("8-8.5 8.5-9 10-10.5 10.5-11");
});
