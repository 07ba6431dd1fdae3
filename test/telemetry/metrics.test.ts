/** What an operator reads at /metrics after calls of every kind. The names are what dashboard and alerts ask for. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { type Metrics, readMetrics } from "../support/metrics.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { waitUntil } from "../support/waits.ts";
import { watchBookings } from "../support/watching.ts";

const BOOKINGS = "booking.v1.BookingService";

let pair: Pair;
let hostId: string;
let guestId: string;
beforeAll(async () => {
  const environment = { OPERATIONS_PORT: "0" };
  pair = await startPair({ availability: environment, booking: environment });
});
beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 16), 60);
});
afterAll(() => pair.stop());

const bookingMetrics = (): Promise<Metrics> => readMetrics(pair.booking.operationsUrl);
const availabilityMetrics = (): Promise<Metrics> => readMetrics(pair.availability.operationsUrl);

function create(start: number, holdSeconds = 0) {
  const [startTime, endTime] = [start, start + 1].map((hour) => timestampFromMs(hours(hour, hour + 1).start));
  return pair.clients.bookings.createBooking({
    hostId,
    guestId,
    startTime: startTime!,
    endTime: endTime!,
    holdSeconds,
  });
}

/** How much more a sum is after `work`. */
async function growth(read: () => Promise<number | undefined>, work: () => Promise<unknown>): Promise<number> {
  const before = (await read()) ?? 0;
  await work();
  return ((await read()) ?? 0) - before;
}

test("each call is counted by its method, its protocol and how it ended", async () => {
  const labels = { rpc_system_name: "connectrpc", rpc_method: `${BOOKINGS}/CreateBooking` };
  const counted = (code: string) => async () =>
    (await bookingMetrics()).sum("rpc_server_call_duration_count", {
      ...labels,
      rpc_response_status_code: code,
    });
  expect(await growth(counted("OK"), () => Promise.all([create(8), create(9)]))).toBe(2);
  expect(await growth(counted("ABORTED"), async () => expect(await outcomeOf(create(8))).toBe("SLOT_TAKEN"))).toBe(1);
});

test("refusals are counted by their reason, those of tokens too", async () => {
  await create(8);
  const refused = (reason: string) => async () =>
    (await bookingMetrics()).sum("slotwright_calls_refused_total", { reason });
  expect(await growth(refused("SLOT_TAKEN"), () => outcomeOf(create(8)))).toBe(1);
  const bare = () => fetch(`${pair.booking.connectUrl}/${BOOKINGS}/GetBooking`, { method: "POST", body: "{}" });
  const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
  expect(
    await growth(refused("HEADER_MISSING"), () => fetch(`${pair.booking.connectUrl}/${BOOKINGS}/GetBooking`, json)),
  ).toBe(1);
  expect((await bare()).status).toBe(415);
});

test("what the lanes do: batches, their commands, the time that these waited, and the events that they have stored", async () => {
  const stored = (kind: string) => async () => (await bookingMetrics()).sum("slotwright_events_total", { kind });
  const commands = async () => (await bookingMetrics()).sum("slotwright_batch_size_sum");
  expect(await growth(stored("CONFIRMED"), () => create(8))).toBe(1);
  expect(await growth(stored("HELD"), () => create(9, 600))).toBe(1);
  expect(await growth(commands, () => Promise.all([create(10), create(11), create(12)]))).toBeGreaterThanOrEqual(3);
  const metrics = await bookingMetrics();
  expect(metrics.sum("slotwright_batch_duration_count", { lock: "try" })).toBeGreaterThan(0);
  expect(metrics.sum("slotwright_lane_wait_duration_count")).toBeGreaterThan(0);
  expect(metrics.sum("slotwright_lane_queued")).toBe(0);
  expect(metrics.sum("slotwright_lane_hosts_apart")).toBe(0);
});

test("a remembered calendar that is used is a hit, with its age; an ask is a miss, with its duration", async () => {
  const misses = async () => (await bookingMetrics()).sum("slotwright_calendar_misses_total");
  const hits = async () => (await bookingMetrics()).sum("slotwright_calendar_age_count");
  expect(await growth(misses, () => create(8))).toBeGreaterThanOrEqual(1);
  expect(await growth(hits, () => create(9))).toBeGreaterThanOrEqual(1);
  const metrics = await bookingMetrics();
  expect(metrics.sum("slotwright_calendar_hosts")).toBeGreaterThanOrEqual(1);
  expect(
    metrics.sum("rpc_client_call_duration_count", {
      rpc_method: "availability.v1.AvailabilityService/SnapshotAvailability",
      rpc_response_status_code: "OK",
    }),
  ).toBeGreaterThanOrEqual(1);
});

test("a watcher is an open stream, its host is watched, and what it is told has a lag", async () => {
  const watching = await watchBookings(pair.clients.bookings, hostId);
  await waitUntil(async () => (await bookingMetrics()).sum("slotwright_feed_hosts_watched") === 1);
  expect((await bookingMetrics()).sum("slotwright_calls_open", { kind: "stream" })).toBe(1);
  const told = async () => (await bookingMetrics()).sum("slotwright_feed_lag_count");
  expect(
    await growth(told, async () => {
      await create(8);
      await watching.reaches(1);
    }),
  ).toBe(1);
  watching.leave();
  await waitUntil(async () => (await bookingMetrics()).sum("slotwright_calls_open", { kind: "stream" }) === 0);
});

test("changes of open time tell how long they waited for their host's lock", async () => {
  const waits = async () => (await availabilityMetrics()).sum("slotwright_host_lock_wait_duration_count");
  expect(await growth(waits, () => openTime(pair.clients, hostId, hours(20, 22), 60))).toBe(1);
});

test("pools, the event loop and the process are measured in both services", async () => {
  for (const metrics of [await bookingMetrics(), await availabilityMetrics()]) {
    expect(metrics.sum("db_client_connection_count")).toBeGreaterThan(0);
    expect(metrics.sum("db_client_connection_max")).toBeGreaterThan(0);
    expect(metrics.sum("db_client_connection_pending_requests")).toBe(0);
    expect(metrics.sum("nodejs_eventloop_delay_p99")).toBeGreaterThanOrEqual(0);
    expect(metrics.sum("process_cpu_time_total")).toBeGreaterThan(0);
    expect(metrics.sum("process_memory_usage")).toBeGreaterThan(1e7);
  }
  expect((await availabilityMetrics()).sum("slotwright_users_untold")).toBe(0);
});

test("no label has a value that callers choose", async () => {
  await outcomeOf(create(8));
  const text = await (await fetch(`${pair.booking.operationsUrl}/metrics`)).text();
  expect(text).not.toContain(hostId);
  expect(text).not.toContain(guestId);
});
