/**
 * New rules hold from their answer on: the fence before their commit ends every calendar that has the older ones, and a booking
 * that asks for another calendar waits until the new ones are there. Each test forces one order of events.
 */

import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../shared/errors.ts";
import { hours } from "../support/hosts-time.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { pause } from "../support/steps.ts";
import { fenceStage } from "./fence-stage.ts";

const stage = fenceStage();

/** Longer than tests look ahead: with it, nothing of tomorrow can be booked. */
const WEEK_MINUTES = 7 * 24 * 60;

describe.each([
  { through: "the same replica", replica: 0 as const },
  { through: "another replica", replica: 1 as const },
])("a booking through $through", ({ replica }) => {
  const take = () => outcomeOf(stage.book(hours(10, 11), 0, stage.pairs[replica]));
  const change = () =>
    outcomeOf(
      stage.pairs[0].clients.availability.updateRules({ hostId: stage.hostId, minimumNoticeMinutes: WEEK_MINUTES }),
    );

  beforeEach(() => openTime(stage.pairs[0].clients, stage.hostId, hours(9, 12)));

  test("that has asked and not yet committed when rules change keeps to the new ones", async () => {
    const committing = pause();
    stage.steps.afterAsk = committing.step;
    const taken = take();
    await committing.reached;
    expect(await change()).toBe("accepted");
    committing.end();
    expect(await taken).toBe("TOO_SOON");
  });

  test("that comes between the fence and the commit waits for the commit, and keeps to the new ones", async () => {
    const fenced = pause();
    stage.steps.fence = async (send) => {
      const answer = await send();
      await fenced.step();
      return answer;
    };
    const changed = change();
    await Promise.race([fenced.reached, changed]);
    const taken = take();
    await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
    fenced.end();
    expect(await changed).toBe("accepted");
    expect(await taken).toBe("TOO_SOON");
  });

  test("that remembers a calendar of before keeps to the new ones", async () => {
    expect(await outcomeOf(stage.book(hours(9, 10), 0, stage.pairs[replica]))).toBe("accepted");
    expect(await change()).toBe("accepted");
    expect(await take()).toBe("TOO_SOON");
  });

  test("is accepted by the older rules where the answer of the fence is lost: nothing has changed", async () => {
    const { availability } = stage.pairs[0].clients;
    const before = await availability.getRules({ hostId: stage.hostId });
    stage.steps.fence = async (send) => {
      await send();
      throw new Refusal("PEER_UNAVAILABLE", "the answer of the fence is lost");
    };
    expect(await change()).toBe("PEER_UNAVAILABLE");
    expect(await availability.getRules({ hostId: stage.hostId })).toEqual(before);
    expect(await take()).toBe("accepted");
  });
});
