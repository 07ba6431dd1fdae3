import { randomUUID } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type AddAvailabilityResponse,
  AddAvailabilityResponseSchema,
  RemoveAvailabilityResponseSchema,
} from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { REQUEST_MEMORY_DAYS } from "../../shared/limits.ts";
import { forgetOldRequests } from "../../shared/postgres/forget-requests.ts";
import { hours, inHours, storedIntervals } from "../support/hosts-time.ts";
import { createHost } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";

let replicas: Replicas;
let hostId: string;

beforeAll(async () => {
  replicas = await startReplicas(2);
});

beforeEach(async () => {
  hostId = await createHost(replicas.clients[0]!);
});

afterAll(async () => {
  await replicas.stop();
});

async function add(range: Interval, requestId: string, replica = 0, host = hostId): Promise<AddAvailabilityResponse> {
  return await replicas.clients[replica]!.availability.addAvailability({
    hostId: host,
    startTime: timestampFromMs(range.start),
    endTime: timestampFromMs(range.end),
    slotDurationMinutes: 30,
    requestId,
  });
}

async function remembered(): Promise<number> {
  const { rows } = await replicas.pool.query("select from requests where host_id = $1", [hostId]);
  return rows.length;
}

test("a call that is repeated gets the first answer, whatever has happened since", async () => {
  const requestId = randomUUID();
  const first = await add(hours(10, 12), requestId);
  await add(hours(12, 13), randomUUID());
  expect(await add(hours(10, 12), requestId, 1)).toEqual(first);
  expect(await add(hours(10, 12), requestId.toUpperCase(), 1)).toEqual(first);
  expect(inHours(await storedIntervals(replicas.pool, hostId))).toBe("10-13");
});

test("a repeated call has no further effect", async () => {
  const requestId = randomUUID();
  await add(hours(10, 12), requestId);
  await replicas.pool.query("delete from openings where host_id = $1", [hostId]);
  await add(hours(10, 12), requestId);
  expect(await storedIntervals(replicas.pool, hostId)).toEqual([]);
});

test("what is remembered is the response message, encoded: the contract is its version", async () => {
  const first = await add(hours(10, 12), randomUUID());
  // Takes nothing away, so its answer is a message without a byte; an answer all the same.
  const { start, end } = hours(14, 15);
  const removal = { hostId, startTime: timestampFromMs(start), endTime: timestampFromMs(end), requestId: randomUUID() };
  const removed = await replicas.clients[0]!.availability.removeAvailability(removal);
  const { rows } = await replicas.pool.query<{ answer: Buffer }>(
    "select answer from requests where host_id = $1 order by create_time",
    [hostId],
  );
  expect(rows.map(({ answer }) => [...answer])).toEqual([
    [...toBinary(AddAvailabilityResponseSchema, first)],
    [...toBinary(RemoveAvailabilityResponseSchema, removed)],
  ]);
  expect(await replicas.clients[1]!.availability.removeAvailability(removal)).toEqual(removed);
});

test("twins that arrive at once, at two replicas, have one effect and one answer", async () => {
  const requestId = randomUUID();
  const answers = await Promise.all(Array.from({ length: 16 }, (_, twin) => add(hours(10, 12), requestId, twin % 2)));
  expect(new Set(answers.map((answer) => answer.availability?.endTime?.seconds)).size).toBe(1);
  expect(await remembered()).toBe(1);
});

test("an id with other content is refused and changes nothing", async () => {
  const requestId = randomUUID();
  await add(hours(10, 12), requestId);
  expect(await outcomeOf(add(hours(10, 13), requestId))).toBe("REQUEST_ID_REUSED");
  expect(inHours(await storedIntervals(replicas.pool, hostId))).toBe("10-12");
});

test("an id of another method is refused", async () => {
  const requestId = randomUUID();
  const { start, end } = hours(10, 12);
  await add({ start, end }, requestId);
  const removal = { hostId, startTime: timestampFromMs(start), endTime: timestampFromMs(end), requestId };
  expect(await outcomeOf(replicas.clients[0]!.availability.removeAvailability(removal))).toBe("REQUEST_ID_REUSED");
});

test("hosts do not share ids", async () => {
  const requestId = randomUUID();
  const other = await createHost(replicas.clients[0]!);
  await add(hours(10, 12), requestId);
  await add(hours(14, 15), requestId, 0, other);
  expect(inHours(await storedIntervals(replicas.pool, other))).toBe("14-15");
});

test("a refused call is not remembered: it is decided anew", async () => {
  const requestId = randomUUID();
  const [client] = replicas.clients;
  const { start, end } = hours(10, 12);
  const asked = { hostId, startTime: timestampFromMs(start), endTime: timestampFromMs(end), requestId };
  await add(hours(14, 15), randomUUID());
  expect(await outcomeOf(client!.availability.addAvailability({ ...asked, slotDurationMinutes: 60 }))).toBe(
    "SLOT_DURATION_MISMATCH",
  );
  await replicas.pool.query("delete from openings where host_id = $1", [hostId]);
  expect(await outcomeOf(client!.availability.addAvailability({ ...asked, slotDurationMinutes: 60 }))).toBe("accepted");
});

test("answers are forgotten after their time, in batches, and no sooner", async () => {
  await replicas.pool.query(
    `insert into requests (host_id, request_id, method, content_hash, answer, create_time)
     select $1, gen_random_uuid(), 'AddAvailability', sha256('any'), '', now() - make_interval(days => $2) - age * '1h'::interval
     from generate_series(-1, 2500) as age`,
    [hostId, REQUEST_MEMORY_DAYS],
  );
  const forgotten = await Promise.all([1, 2].map(() => forgetOldRequests(replicas.pool, new AbortController().signal)));
  expect(forgotten[0]! + forgotten[1]!).toBe(2501);
  expect(await remembered()).toBe(1);
});
