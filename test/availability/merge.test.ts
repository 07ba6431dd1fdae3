import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { hours, inHours, storedIntervals } from "../support/hosts-time.ts";
import { createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";

const WRITERS = 16;

let replicas: Replicas;

beforeAll(async () => {
  replicas = await startReplicas(2);
});

afterAll(async () => {
  await replicas.stop();
});

/** Sends the additions at once, to the replicas in turn. Returns how each ended. */
async function addAtOnce(hostId: string, ranges: readonly Interval[], slotDurationMinutes = 30): Promise<string[]> {
  return await Promise.all(
    ranges.map((range, writer) => {
      const client = replicas.clients[writer % replicas.clients.length];
      return outcomeOf(openTime(client!, hostId, range, slotDurationMinutes));
    }),
  );
}

async function newHost(): Promise<string> {
  return await createHost(replicas.clients[0]!);
}

async function stored(hostId: string): Promise<string> {
  return inHours(await storedIntervals(replicas.pool, hostId));
}

describe("an addition", () => {
  test.each([
    ["that touches the end", hours(13, 14), "10-14"],
    ["that touches the start", hours(9, 10), "9-13"],
    ["that overlaps", hours(12, 15), "10-15"],
    ["that covers it", hours(8, 20), "8-20"],
    ["that lies within changes nothing", hours(11, 12), "10-13"],
    ["that leaves a gap stays apart", hours(13.5, 14), "10-13 13.5-14"],
  ])("%s", async (_what, range, expected) => {
    const hostId = await newHost();
    await addAtOnce(hostId, [hours(10, 13)]);
    expect(await addAtOnce(hostId, [range])).toEqual(["accepted"]);
    expect(await stored(hostId)).toBe(expected);
  });

  test("that leaves a gap of one millisecond stays apart, and one that fills it joins all", async () => {
    const hostId = await newHost();
    const gap = { start: tomorrow(11), end: tomorrow(11) + 1 };
    await addAtOnce(hostId, [{ start: tomorrow(10), end: gap.start }]);
    await addAtOnce(hostId, [{ start: gap.end, end: tomorrow(12) }]);
    expect(await storedIntervals(replicas.pool, hostId)).toHaveLength(2);
    await addAtOnce(hostId, [gap]);
    expect(await stored(hostId)).toBe("10-12");
  });

  test("of what is there keeps the stored interval and its id", async () => {
    const hostId = await newHost();
    const [client] = replicas.clients;
    const add = (range: Interval) =>
      client!.availability.addAvailability({
        hostId,
        startTime: timestampFromMs(range.start),
        endTime: timestampFromMs(range.end),
        slotDurationMinutes: 30,
      });
    const first = await add(hours(10, 13));
    const second = await add(hours(11, 12));
    expect(second).toEqual(first);
    expect(timestampMs(second.availability!.startTime!)).toBe(tomorrow(10));
  });

  test("with another slot duration is refused, wherever it lies", async () => {
    const hostId = await newHost();
    await addAtOnce(hostId, [hours(10, 13)]);
    expect(await addAtOnce(hostId, [hours(12, 15)], 60)).toEqual(["SLOT_DURATION_MISMATCH"]);
    expect(await addAtOnce(hostId, [hours(100, 101)], 60)).toEqual(["SLOT_DURATION_MISMATCH"]);
    expect(await stored(hostId)).toBe("10-13");
  });
});

test("writers to one host wait for one another as long as there is somebody who gets on", async () => {
  const hostId = await newHost();
  // All together take longer than a standstill, and each by far less.
  await slowDown(replicas.pool, 0.4);
  const ranges = Array.from({ length: WRITERS }, (_, writer) => hours(2 * writer, 2 * writer + 1));
  const outcomes = ranges.map((range) => outcomeOf(openTime(replicas.clients[0]!, hostId, range)));
  expect(await Promise.all(outcomes)).toEqual(ranges.map(() => "accepted"));
  expect(await storedIntervals(replicas.pool, hostId)).toHaveLength(WRITERS);
  await replicas.pool.query("drop function wait_a_little cascade");
});

/** Makes every write take this many seconds more. */
async function slowDown(pool: Pool, seconds: number): Promise<void> {
  await pool.query(`
    create function wait_a_little() returns trigger language plpgsql as
      'begin perform pg_sleep(${seconds}); return null; end';
    create trigger slow after insert on openings for each row execute function wait_a_little()`);
}

describe(`${WRITERS} writers at once, through two replicas`, () => {
  const all = <T>(make: (writer: number) => T): T[] => Array.from({ length: WRITERS }, (_, writer) => make(writer));
  const accepted = all(() => "accepted");

  test("make one interval of a chain of ranges that only touch", async () => {
    const hostId = await newHost();
    expect(
      await addAtOnce(
        hostId,
        all((writer) => hours(writer, writer + 1)),
      ),
    ).toEqual(accepted);
    expect(await stored(hostId)).toBe(`0-${WRITERS}`);
  });

  test("make one interval of a chain of ranges that overlap", async () => {
    const hostId = await newHost();
    expect(
      await addAtOnce(
        hostId,
        all((writer) => hours(writer, writer + 1.5)),
      ),
    ).toEqual(accepted);
    expect(await stored(hostId)).toBe(`0-${WRITERS + 0.5}`);
  });

  test("who all add the same range to a host without any make one interval", async () => {
    const hostId = await newHost();
    expect(
      await addAtOnce(
        hostId,
        all(() => hours(9, 17)),
      ),
    ).toEqual(accepted);
    expect(await stored(hostId)).toBe("9-17");
  });

  test("who extend a stored interval at its two ends make one interval", async () => {
    const hostId = await newHost();
    await addAtOnce(hostId, [hours(10, 12)]);
    const ends = all((writer) => (writer % 2 === 0 ? hours(10 - writer / 2 - 1, 10) : hours(12, 12 + writer / 2)));
    expect(await addAtOnce(hostId, ends)).toEqual(accepted);
    expect(await stored(hostId)).toBe("2-19.5");
  });

  test("who fill the gaps between stored intervals make one interval", async () => {
    const hostId = await newHost();
    expect(
      await addAtOnce(
        hostId,
        all((writer) => hours(2 * writer, 2 * writer + 1)),
      ),
    ).toEqual(accepted);
    expect(
      await addAtOnce(
        hostId,
        all((writer) => hours(2 * writer + 1, 2 * writer + 2)),
      ),
    ).toEqual(accepted);
    expect(await stored(hostId)).toBe(`0-${2 * WRITERS}`);
  });

  test("who bring different slot durations to an empty host agree on one", async () => {
    const hostId = await newHost();
    const outcomes = await Promise.all(
      all((writer) => addAtOnce(hostId, [hours(2 * writer, 2 * writer + 1)], writer % 2 === 0 ? 30 : 60)),
    );
    expect(new Set(outcomes.flat())).toEqual(new Set(["accepted", "SLOT_DURATION_MISMATCH"]));
    const { rows } = await replicas.pool.query(
      "select slot_duration_minutes from openings where host_id = $1 group by 1",
      [hostId],
    );
    expect(rows).toHaveLength(1);
  });
});

test("a reader never sees a merge half done", async () => {
  const hostId = await newHost();
  await addAtOnce(hostId, [hours(0, 1)]);
  let done = false;
  let least = 0;
  let reads = 0;
  const watch = async (): Promise<void> => {
    for (let last = false; !last; reads += 1) {
      // Asked before the read: the last one is begun after the last merge, and so it sees all of them.
      last = done;
      const open = (await storedIntervals(replicas.pool, hostId)).reduce((sum, { start, end }) => sum + end - start, 0);
      expect(open).toBeGreaterThanOrEqual(least);
      least = open;
    }
  };
  const watching = watch();
  let openHours = 1;
  // Not so many merges and no more: on a busy machine the reader comes to its turn less often than they do.
  for (; openHours < 20 || reads <= 10; openHours += 1) await addAtOnce(hostId, [hours(openHours, openHours + 1)]);
  done = true;
  await watching;
  expect(least).toBe(openHours * 60 * MINUTE_MS);
});
