import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SnapshotAvailabilityResponse } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { SNAPSHOT_INTERVALS_MAX } from "../../shared/limits.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { hours, inHours, pieces, storeOpenings } from "../support/hosts-time.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";
import { waitUntil } from "../support/waits.ts";
import { intervalOf } from "../support/times.ts";

let replicas: Replicas;
let clients: Replicas["clients"][number];
let hostId: string;

beforeAll(async () => {
  replicas = await startReplicas(1);
  clients = replicas.clients[0]!;
});

beforeEach(async () => {
  hostId = await createHost(clients);
});

afterAll(async () => {
  await replicas.stop();
});

describe("ListAvailability", () => {
  async function list(window: Interval, pageSize = 0): Promise<string[]> {
    const request = {
      hostId,
      startTime: timestampFromMs(window.start),
      endTime: timestampFromMs(window.end),
      pageSize,
    };
    const pages: string[] = [];
    let pageToken = "";
    do {
      const page = await clients.availability.listAvailability({ ...request, pageToken });
      pages.push(inHours(page.availabilities.map(intervalOf)));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return pages;
  }

  test.each([
    ["that none meets", hours(4, 8), ""],
    ["that two only touch", hours(10, 12), ""],
    ["that starts and ends within intervals, whole", hours(9, 13), "8-10 12-14"],
    ["that lies within one", hours(12.5, 13), "12-14"],
    ["that holds all", hours(0, 24), "8-10 12-14 16-18"],
  ])("lists the intervals of a window %s", async (_what, window, expected) => {
    for (const range of [hours(12, 14), hours(16, 18), hours(8, 10)]) await openTime(clients, hostId, range);
    expect(await list(window)).toEqual([expected]);
  });

  test("gives every interval once, in pages", async () => {
    for (let hour = 0; hour < 10; hour += 2) await openTime(clients, hostId, hours(hour, hour + 1));
    expect(await list(hours(0.5, 24), 2)).toEqual(["0-1 2-3", "4-5 6-7", "8-9"]);
    expect(await list(hours(0.5, 24), 5)).toEqual(["0-1 2-3 4-5 6-7 8-9"]);
  });

  test("keeps the window of the first page when it is the default one", async () => {
    const now = Date.now();
    await openTime(clients, hostId, { start: now - HOUR_MS, end: now + HOUR_MS });
    await openTime(clients, hostId, { start: now - 3 * HOUR_MS, end: now - 2 * HOUR_MS });
    await openTime(clients, hostId, hours(48, 49));
    const first = await clients.availability.listAvailability({ hostId, pageSize: 1 });
    expect(first.availabilities.map((each) => intervalOf(each).start)).toEqual([now - HOUR_MS]);
    const second = await clients.availability.listAvailability({ hostId, pageSize: 1, pageToken: first.nextPageToken });
    expect(second.availabilities.map((each) => intervalOf(each).start)).toEqual([tomorrow(48)]);
    expect(second.nextPageToken).toBe("");
  });

  test("refuses a token of another query, users it does not know, and guests", async () => {
    for (let hour = 0; hour < 4; hour += 2) await openTime(clients, hostId, hours(hour, hour + 1));
    const { nextPageToken } = await clients.availability.listAvailability({ hostId, pageSize: 1 });
    const otherHost = await createHost(clients);
    const guest = await createGuest(clients);
    const outcomes = await Promise.all(
      [
        { hostId: otherHost, pageToken: nextPageToken },
        { hostId, pageToken: `${nextPageToken}A` },
        { hostId: guest },
        { hostId: "01900000-0000-7000-8000-000000000001" },
        { hostId, pageSize: 501 },
        { hostId, endTime: timestampFromMs(Date.now() - HOUR_MS) },
      ].map((request) => outcomeOf(clients.availability.listAvailability(request))),
    );
    expect(outcomes).toEqual([
      "INVALID_REQUEST",
      "INVALID_REQUEST",
      "NOT_A_HOST",
      "USER_NOT_FOUND",
      "INVALID_REQUEST",
      "INVALID_REQUEST",
    ]);
  });
});

describe("SnapshotAvailability", () => {
  async function snapshot(window: Interval, generation = 0n): Promise<SnapshotAvailabilityResponse> {
    const { start, end } = window;
    return await replicas.asBooking.snapshotAvailability({
      hostId,
      startTime: timestampFromMs(start),
      endTime: timestampFromMs(end),
      generation,
    });
  }

  test("gives intervals cut to the window with their grid, the slot duration, the covered window and the caller's generation", async () => {
    await openTime(clients, hostId, hours(8, 10), 45);
    await openTime(clients, hostId, hours(12, 14), 45);
    const answer = await snapshot(hours(9, 12), 7n);
    expect(inHours(answer.intervals.map(intervalOf))).toBe("9-10");
    expect(answer.intervals.map((each) => timestampMs(each.gridOriginTime!))).toEqual([tomorrow(8)]);
    expect(answer.rules?.slotDurationMinutes).toBe(45);
    expect(timestampMs(answer.coveredStartTime!)).toBe(tomorrow(9));
    expect(timestampMs(answer.coveredEndTime!)).toBe(tomorrow(12));
    expect(answer.generation).toBe(7n);
  });

  test.each([
    ["what lies in the window whole", hours(0, 48), "8-10 12-60", [8, 12]],
    ["the first from the window's start on", hours(9, 48), "9-10 12-60", [8, 12]],
    ["the last up to 24 hours after the window's end", hours(9, 14), "9-10 12-38", [8, 12]],
    ["one up to its end where that is earlier", hours(9, 36), "9-10 12-60", [8, 12]],
    ["one that begins before the window and ends after it", hours(13, 14), "13-38", [12]],
    ["nothing that begins at the window's end", hours(9, 12), "9-10", [8]],
  ])("gives %s, and where its grid begins", async (_what, window, expected, origins) => {
    await openTime(clients, hostId, hours(8, 10));
    await openTime(clients, hostId, hours(12, 60));
    const { intervals } = await snapshot(window);
    expect(inHours(intervals.map(intervalOf))).toBe(expected);
    expect(intervals.map((each) => timestampMs(each.gridOriginTime!))).toEqual(origins.map((hour) => tomorrow(hour)));
  });

  test("leaves out what is shorter than a slot, also where it reaches into the window", async () => {
    // As a removal leaves them.
    await storeOpenings(replicas.pool, hostId, [hours(8, 8.5), hours(9.75, 10)]);
    for (const window of [hours(9.8, 12), hours(9.75, 12), hours(9, 12)]) {
      expect((await snapshot(window)).intervals).toEqual([]);
    }
    expect(inHours((await snapshot(hours(8, 12))).intervals.map(intervalOf))).toBe("8-8.5");
  });

  test("has no slot duration where there is nothing", async () => {
    const answer = await snapshot(hours(9, 12));
    expect(answer.intervals).toEqual([]);
    expect(answer.rules?.slotDurationMinutes).toBe(0);
  });

  test("covers less where the window holds too many intervals", async () => {
    const many = pieces(tomorrow(0), SNAPSHOT_INTERVALS_MAX + 1, 2 * MINUTE_MS, MINUTE_MS);
    await storeOpenings(replicas.pool, hostId, many, 1);
    const answer = await snapshot(hours(0, 240));
    expect(answer.intervals).toHaveLength(SNAPSHOT_INTERVALS_MAX);
    expect(timestampMs(answer.coveredEndTime!)).toBe(tomorrow(0) + SNAPSHOT_INTERVALS_MAX * 2 * MINUTE_MS);
  });

  /** How a snapshot ends that waits for the removal of all. One that is given is of what the removal has left. */
  async function snapshotBehindRemoval(): Promise<string> {
    const removal = await replicas.pool.connect();
    await removal.query("begin");
    await removal.query("select pg_advisory_xact_lock($1)", [hostLockKey(hostId)]);
    await removal.query("delete from openings where host_id = $1", [hostId]);
    const given = snapshot(hours(0, 24)).then(({ intervals }) => expect(intervals).toEqual([]));
    let ended = false;
    const outcome = outcomeOf(given).finally(() => (ended = true));
    const waits = "select from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and not granted";
    await waitUntil(async () => ended || (await replicas.pool.query(waits)).rowCount === 1);
    await removal.query("commit");
    removal.release();
    return await outcome;
  }

  test("waits for a removal that is under way, and sees how it ended", async () => {
    await openTime(clients, hostId, hours(8, 10));
    // On a busy machine a second may pass between its wait and the commit, and then it gives up: it is asked for again.
    const outcomes: string[] = [];
    while (outcomes.at(-1) !== "accepted" && outcomes.length < 5) outcomes.push(await snapshotBehindRemoval());
    expect(outcomes.filter((outcome) => outcome !== "BUSY")).toEqual(["accepted"]);
  });

  test("is refused with BUSY when that takes too long", async () => {
    const removal = await replicas.pool.connect();
    await removal.query("begin");
    await removal.query("select pg_advisory_xact_lock($1)", [hostLockKey(hostId)]);
    const refusal = await refusalOf(snapshot(hours(0, 24)));
    expect(refusal.code).toBe(Code.Unavailable);
    expect(await outcomeOf(Promise.reject(refusal))).toBe("BUSY");
    await removal.query("rollback");
    removal.release();
  });

  test("is refused for users it does not know, and for guests", async () => {
    hostId = "01900000-0000-7000-8000-000000000001";
    expect(await outcomeOf(snapshot(hours(0, 24)))).toBe("USER_NOT_FOUND");
    hostId = await createGuest(clients);
    expect(await outcomeOf(snapshot(hours(0, 24)))).toBe("NOT_A_HOST");
  });
});
