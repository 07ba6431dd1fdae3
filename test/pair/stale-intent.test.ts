/**
 * What a change compares is read under the host's lock. Each test lets a change wait for the lock while another one, which came
 * first, takes away what alone kept a booking's time open: on what it could have read before its wait, it would be accepted.
 */

import { describe, expect, test } from "vitest";
import { lockHost } from "../../shared/postgres/locks.ts";
import { hours } from "../support/hosts-time.ts";
import { sessionsThatWait } from "../support/lock-waits.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { waitUntil } from "../support/waits.ts";
import { fenceStage } from "./fence-stage.ts";
import { setEveryDay } from "./shrinking.ts";
import { timesOf } from "../support/times.ts";

const stage = fenceStage();

/** Through one of the replicas. */
const changes = {
  "its opening ends": (replica: 0 | 1) => {
    const range = { hostId: stage.hostId, ...timesOf(hours(16, 17)) };
    return outcomeOf(stage.pairs[replica].clients.availability.restoreWeeklyHours(range));
  },
  "its hours end": (replica: 0 | 1) =>
    outcomeOf(setEveryDay(stage.pairs[replica].clients, stage.hostId, [hours(8, 12)])),
};

describe("of a booking whose time is open by weekly hours and by an opening", () => {
  /** How two changes end of which the second waits for the first. */
  async function endsOf(first: keyof typeof changes, second: keyof typeof changes): Promise<string[]> {
    await stage.begin();
    await setEveryDay(stage.pairs[0].clients, stage.hostId, [hours(8, 17)]);
    await openTime(stage.pairs[0].clients, stage.hostId, hours(16, 17));
    await stage.book(hours(16, 17));
    const holder = await stage.pools.availability.connect();
    await holder.query("begin");
    await lockHost(holder, stage.hostId);
    // By different replicas: those of one take turns before they ask for the lock.
    const ends = [changes[first](0)];
    await Promise.race([ends[0], sessionsThatWait(stage.pools.availability, 1)]);
    ends.push(changes[second](1));
    await Promise.race([ends[0], sessionsThatWait(stage.pools.availability, 2)]);
    await holder.query("commit");
    holder.release();
    return await Promise.all(ends);
  }

  test.each([
    ["its opening ends", "its hours end"],
    ["its hours end", "its opening ends"],
  ] as const)("%s, and what waits for that is refused: %s", async (first, second) => {
    let ends = await endsOf(first, second);
    // A busy machine may not bring both to the lock while the first still waits for it.
    await waitUntil(async () => !ends.includes("BUSY") || !(ends = await endsOf(first, second)).includes("BUSY"));
    expect(ends).toEqual(["accepted", "AVAILABILITY_BOOKED"]);
  });
});
