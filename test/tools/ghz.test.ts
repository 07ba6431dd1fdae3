/** ghz, a load generator that many know, finds the services by reflection and loses no call. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost, openTime } from "../support/people.ts";
import { programPath, saySkipped } from "../support/installed.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

const missing = ["ghz"].filter((name) => programPath(name) === undefined);
saySkipped(missing, "no load by others (go install github.com/bojand/ghz/cmd/ghz@v0.93.0)");

const CALLS = 500;

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ booking: { ENVIRONMENT: "development" } });
});
afterAll(() => pair.stop());

test.skipIf(missing.length > 0)("each of its calls is answered", async () => {
  const hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 16), 60);
  const request = {
    host_id: hostId,
    start_time: new Date(hours(8, 9).start).toISOString(),
    end_time: new Date(hours(16, 17).start).toISOString(),
  };
  const { stdout } = await promisify(execFile)("ghz", [
    "--insecure",
    "--call",
    "booking.v1.BookingService.ListOpenSlots",
    "--total",
    String(CALLS),
    "--concurrency",
    "20",
    "--connections",
    "4",
    "--format",
    "json",
    "--metadata",
    JSON.stringify(await authorizationOf(admin)),
    "--data",
    JSON.stringify(request),
    pair.booking.grpcAddress,
  ]);
  const { count, statusCodeDistribution } = JSON.parse(stdout) as Report;
  expect({ count, statusCodeDistribution }).toEqual({ count: CALLS, statusCodeDistribution: { OK: CALLS } });
});

interface Report {
  readonly count: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
}
