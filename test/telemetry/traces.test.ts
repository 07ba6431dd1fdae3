/** What a collector gets to see of calls. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SentSpan } from "../../services/dev/traces/otlp.ts";
import { branchesOf } from "../../services/dev/traces/tree.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { PRIVATE_WORDS } from "../support/secrets.ts";
import { waitFor } from "../support/waits.ts";
import { book, callersSpan, doors, startTracedPair, treeOf, type TracedPair } from "./traced-pair.ts";

const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
const ERROR = 2;
const CREATE = "booking.v1.BookingService/CreateBooking";

let traced: TracedPair;
beforeAll(async () => {
  // Nothing is kept but what its caller wants kept.
  traced = await startTracedPair(0);
});
afterAll(() => traced.stop());

const ofBooking = [
  `booking SERVER ${CREATE}`,
  "  booking CLIENT availability.v1.UserService/GetUser",
  "    availability SERVER availability.v1.UserService/GetUser",
  "      availability CLIENT select users",
  "  booking CLIENT availability.v1.AvailabilityService/SnapshotAvailability",
  "    availability SERVER availability.v1.AvailabilityService/SnapshotAvailability",
  "      availability CLIENT begin",
  "      availability CLIENT limit-host-lock, lock-host-shared",
  "      availability CLIENT find-host",
  "      availability CLIENT long-openings-meeting",
  "      availability CLIENT commit",
  "  booking batch",
  "    booking CLIENT begin, try-hosts, load-hosts, load-inactive-users, load-overlapping",
  "    booking CLIENT write-hosts, insert-bookings, insert-events, commit",
  "  booking lane wait",
];
const throughGateway = [
  `gateway SERVER ${CREATE}`,
  `  gateway CLIENT ${CREATE}`,
  ...ofBooking.map((line) => `    ${line}`),
];

test.each(doors)("a booking by %s is one trace through every process, down to the statements", async (door) => {
  const { traceId, spanId, headers } = callersSpan();
  await book(traced, door, headers);
  const tree = door === "JSON" ? throughGateway : ofBooking;
  // Asks run side by side, so which of them is first is not said here.
  await waitFor(() => expect(treeOf(traced.collector.spansOf(traceId)).toSorted()).toEqual(tree.toSorted()));
  const [first] = branchesOf(traced.collector.spansOf(traceId));
  expect(first?.span.parentSpanId).toBe(spanId);
});

/** The spans of a trace as soon as there are so many. */
async function spansOf(traceId: string, count: number): Promise<readonly SentSpan[]> {
  await waitFor(() => expect(traced.collector.spansOf(traceId)).toHaveLength(count));
  return traced.collector.spansOf(traceId);
}

test("spans say what was called, by which protocol and how it ended, by the conventions", async () => {
  const { traceId, headers } = callersSpan();
  await book(traced, "JSON", { ...headers, tracestate: "other=1" });
  const spans = await spansOf(traceId, throughGateway.length);
  const attributesOf = (service: string, kind: number): SentSpan["attributes"] | undefined =>
    spans.find((span) => span.service === `slotwright-${service}` && span.kind === kind)?.attributes;
  const ended = { "rpc.method": CREATE, "rpc.response.status_code": "OK" };
  expect(attributesOf("gateway", SERVER)).toEqual({
    ...ended,
    "rpc.system.name": "json",
    "http.request.method": "POST",
    "http.route": "/bookings",
  });
  expect(attributesOf("gateway", CLIENT)).toEqual({ ...ended, "rpc.system.name": "connectrpc" });
  expect(attributesOf("booking", SERVER)).toEqual({ ...ended, "rpc.system.name": "connectrpc" });
  expect(spans.find(({ name }) => name === "batch")?.attributes).toEqual({
    "slotwright.batch.commands": 1,
    "slotwright.batch.hosts": 1,
    "slotwright.batch.attempt": 1,
    "slotwright.batch.locked": 0,
  });
  expect(spans.find(({ name }) => name.endsWith("commit") && name !== "commit")?.attributes).toEqual({
    "db.system.name": "postgresql",
    "db.query.summary": "write-hosts, insert-bookings, insert-events, commit",
    "db.operation.batch.size": 4,
  });
  expect(new Set(spans.map(({ state }) => state))).toEqual(new Set(["other=1"]));
  for (const span of spans) expect(span.endNanos).toBeGreaterThanOrEqual(span.startNanos);
});

describe("with a host and a guest", () => {
  let hostId: string;
  let guestId: string;
  beforeAll(async () => {
    const { clients } = traced.pair;
    [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
    await openTime(clients, hostId, { start: tomorrow(8), end: tomorrow(18) });
  });

  const create = (hour: number, headers: Record<string, string>, note = ""): Promise<string> => {
    const [startTime, endTime] = [tomorrow(hour), tomorrow(hour) + HOUR_MS / 2].map(timestampFromMs);
    const request = { hostId, guestId, startTime: startTime!, endTime: endTime!, note };
    return outcomeOf(traced.pair.clients.bookings.createBooking(request, { headers }));
  };

  test("a refusal is an answer and no error, and nothing that was said is in any span", async () => {
    await create(9, {});
    const { traceId, headers } = callersSpan();
    expect(await create(9, headers, PRIVATE_WORDS)).toBe("SLOT_TAKEN");
    await waitFor(() =>
      expect(traced.collector.spansOf(traceId).find(({ kind }) => kind === SERVER)).toMatchObject({
        status: 0,
        attributes: { "rpc.response.status_code": "ABORTED", "slotwright.reason": "SLOT_TAKEN" },
      }),
    );
    const all = JSON.stringify(traced.collector.spans, (_key, value: unknown) =>
      typeof value === "bigint" ? "" : value,
    );
    for (const secret of [hostId, guestId, PRIVATE_WORDS, "@example", "eyJ", "tester"])
      expect(all).not.toContain(secret);
  });

  test("a batch is linked with each of its calls that is kept, and they with it", async () => {
    const callers = Array.from({ length: 6 }, (_, index) => callersSpan(index === 5 ? "00" : "01"));
    await Promise.all(callers.map(({ headers }, index) => create(10 + index, headers)));
    const kept = callers.slice(0, 5).map(({ traceId }) => traceId);
    // Which of them share a batch is up to the lane.
    await waitFor(() => {
      const batches = traced.collector.spans.filter(
        ({ name, links }) => name === "batch" && links.some(({ traceId }) => kept.includes(traceId)),
      );
      expect(batches.flatMap(({ links }) => links.map(({ traceId }) => traceId)).toSorted()).toEqual(kept.toSorted());
      for (const { spanId, traceId, links } of batches) {
        // It is in the trace of the first.
        expect(links[0]?.traceId).toBe(traceId);
        for (const link of links) {
          const wait = traced.collector.spansOf(link.traceId).find(({ name }) => name === "lane wait");
          expect(wait).toMatchObject({ kind: INTERNAL, parentSpanId: link.spanId, links: [{ traceId, spanId }] });
        }
      }
    });
  });

  test("a removal shows what it waits for, and what Booking is asked while it holds the host's lock", async () => {
    const { traceId, headers } = callersSpan();
    const [startTime, endTime] = [tomorrow(17), tomorrow(18)].map(timestampFromMs);
    const removal = { hostId, startTime: startTime!, endTime: endTime! };
    await traced.pair.clients.availability.removeAvailability(removal, { headers });
    const wanted = ["turn wait", "permit wait", "booking.v1.FenceService/FenceHost", "batch"];
    await waitFor(() =>
      expect(traced.collector.spansOf(traceId).map(({ name }) => name)).toEqual(expect.arrayContaining(wanted)),
    );
  });

  test("a hold shows how long it waited for others of its guest", async () => {
    const { traceId, headers } = callersSpan();
    const [startTime, endTime] = [tomorrow(8), tomorrow(8) + HOUR_MS / 2].map(timestampFromMs);
    const hold = { hostId, guestId, startTime: startTime!, endTime: endTime!, holdSeconds: 60 };
    await traced.pair.clients.bookings.createBooking(hold, { headers });
    await waitFor(() =>
      expect(traced.collector.spansOf(traceId).map(({ name }) => name)).toEqual(
        expect.arrayContaining(["turn wait", "lane wait"]),
      ),
    );
  });

  test("a call that nobody wants kept leaves nothing, whatever is called for it", async () => {
    const [unwanted, wanted] = [callersSpan("00"), callersSpan()];
    await create(16, unwanted.headers);
    await create(16.5, wanted.headers);
    await waitFor(() => expect(traced.collector.spansOf(wanted.traceId).length).toBeGreaterThan(3));
    expect(traced.collector.spansOf(unwanted.traceId)).toEqual([]);
  });
});

test("no span is an error where nothing is broken", () => {
  expect(traced.collector.spans.filter(({ status }) => status === ERROR)).toEqual([]);
});
