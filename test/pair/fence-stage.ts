/** Two replicas of the pair whose calls to each other a test can hold up, and a host and a guest for each test. */

import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { hooksFor, type Steps } from "../support/steps.ts";
import { expectInOrder } from "../support/violations.ts";
import { waitUntil } from "../support/waits.ts";
import { timesOf } from "../support/times.ts";

export interface FenceStage {
  /** Where the calls of both replicas are held up. */
  readonly steps: Steps;
  readonly pairs: readonly [Pair, Pair];
  readonly pools: { readonly availability: Pool; readonly booking: Pool };
  /** Those of the test at hand. */
  readonly hostId: string;
  readonly guestId: string;
  /** Makes the test at hand begin again, with another host and guest. */
  begin(): Promise<void>;
  /** Books through one of the pairs, the first unless told otherwise, and returns the id. */
  book(range: Interval, holdSeconds?: number, pair?: Pair): Promise<string>;
  /** Removes through the first pair. */
  remove(range: Interval): Promise<string>;
  /** The host's, as it is stored. */
  generation(): Promise<number>;
}

/** For a file of tests. After each, what is stored of its host must be in order. */
export function fenceStage(): FenceStage {
  const steps: Steps = {};
  let pairs: [Pair, Pair];
  let pools: { availability: Pool; booking: Pool };
  let hostId: string;
  let guestId: string;

  beforeAll(async () => {
    const first = await startPair({ hooks: hooksFor(steps) });
    const databases = { availability: first.availability.databaseUrl, booking: first.booking.databaseUrl };
    pairs = [first, await startPair({ databases, hooks: hooksFor(steps) })];
    pools = { availability: poolOf(databases.availability), booking: poolOf(databases.booking) };
    // The first call of a pair also makes its connection, which takes a busy machine longer than calls between services may.
    const anyHostId = await createHost(first.clients);
    for (const { clients } of pairs) {
      await waitUntil(
        async () => (await outcomeOf(clients.bookings.listOpenSlots({ hostId: anyHostId }))) === "accepted",
      );
    }
  });

  const begin = async (): Promise<void> => {
    hostId = await createHost(pairs[0].clients);
    guestId = await createGuest(pairs[0].clients);
  };

  beforeEach(begin);

  afterEach(async () => {
    for (const step of Object.keys(steps) as (keyof Steps)[]) delete steps[step];
    const databases = { availability: pairs[0].availability.databaseUrl, booking: pairs[0].booking.databaseUrl };
    await expectInOrder(databases, hostId);
  });

  afterAll(async () => {
    await Promise.all(Object.values(pools).map((pool) => pool.end()));
    await pairs[1].stop();
    await pairs[0].stop();
  });

  return {
    steps,
    get pairs() {
      return pairs;
    },
    get pools() {
      return pools;
    },
    get hostId() {
      return hostId;
    },
    get guestId() {
      return guestId;
    },
    begin,
    async book(range, holdSeconds = 0, { clients } = pairs[0]) {
      const { booking } = await clients.bookings.createBooking({ hostId, guestId, ...timesOf(range), holdSeconds });
      return booking!.id;
    },
    remove: (range) => outcomeOf(pairs[0].clients.availability.removeAvailability({ hostId, ...timesOf(range) })),
    async generation() {
      const { rows } = await pools.booking.query<{ generation: number }>(
        "select generation::int from hosts where host_id = $1",
        [hostId],
      );
      return rows[0]?.generation ?? 0;
    },
  };
}
