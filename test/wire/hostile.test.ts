/** What no client sends by mistake, at the wire: the service still answers, at once, and nothing was stored. */

import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { contentsOf } from "../support/contents.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import { bodyAttacks } from "../support/hostile/bodies.ts";
import { http1Attacks } from "../support/hostile/http1.ts";
import { http2Attacks } from "../support/hostile/http2.ts";
import { type Served, startAvailabilityService } from "../support/pair.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { admin, tokenOf } from "../support/tokens.ts";

/** Longer than an answer takes on a machine that is busy, shorter than one that waits for something to run out. */
const ANSWER_WITHIN_MS = 9_000;

let database: TestDatabase;
let pool: Pool;
let service: Served;
let authorization: string;
let before: unknown;

beforeAll(async () => {
  database = await createDatabase("availability");
  pool = poolOf(database.url);
  service = await startAvailabilityService(database.url);
  authorization = `Bearer ${await tokenOf(admin)}`;
  before = await contentsOf(pool);
});

afterAll(async () => {
  await service.stop();
  await pool.end();
  await database.drop();
});

afterEach(nothingHappened);

describe("HTTP/2 at the gRPC port:", () => {
  test.each(http2Attacks)("$what", async ({ send }) => {
    await expect(send(portOf(`http://${service.grpcAddress}`), authorization)).resolves.toBeUndefined();
  });
});

describe("HTTP/2 at the Connect port:", () => {
  test.each(http2Attacks)("$what", async ({ send }) => {
    await expect(send(portOf(service.connectUrl), authorization)).resolves.toBeUndefined();
  });
});

describe("HTTP/1.1:", () => {
  test.each(http1Attacks)("$what", async ({ send }) => {
    await expect(send(portOf(service.connectUrl), authorization)).resolves.toBeUndefined();
  });
});

describe("a body:", () => {
  test.each(bodyAttacks)("$what answers $code", async ({ send, code }) => {
    expect(await send(service, authorization)).toBe(code);
  });
});

/** Nothing was stored, and both ports answer in time. */
async function nothingHappened(): Promise<void> {
  const byGrpc = grpcChannel(service.grpcAddress);
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  expect(await grpcCall(byGrpc, UserService.method.listUsers, {}, { deadline }, authorization)).toMatchObject({
    users: [],
  });
  byGrpc.close();
  const byConnect = await fetch(`${service.connectUrl}/availability.v1.UserService/ListUsers`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization },
    body: "{}",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  expect([byConnect.status, await byConnect.text()]).toEqual([200, "{}"]);
  expect(await contentsOf(pool)).toEqual(before);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
