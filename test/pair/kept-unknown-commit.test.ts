/** A change of hours that keeps what is booked, and whose COMMIT is lost: it is made whole or not at all, and its caller knows. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Booked } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { type HostOfHours, hostOfHours } from "../support/host-of-hours.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/refusals.ts";
import { expectInOrder } from "../support/violations.ts";

let databases: Record<"availability" | "booking", TestDatabase>;
let proxy: CuttingProxy;
let pair: Pair;
let host: HostOfHours;

beforeAll(async () => {
  databases = { availability: await createDatabase("availability"), booking: await createDatabase("booking") };
  proxy = await startCuttingProxy(databases.availability.url);
  pair = await startPair({ databases: { availability: proxy.url, booking: databases.booking.url } });
});

beforeEach(async () => {
  host = await hostOfHours(pair);
  await host.set(["08:00-12:00"]);
  await host.book(hours(8, 9));
});

afterAll(async () => {
  await pair.stop();
  await proxy.close();
  await databases.availability.drop();
  await databases.booking.drop();
});

test.each([
  ["after", "accepted", "8-9 10-12", "OUTSIDE_AVAILABILITY"],
  ["before", "BUSY", "8-12", "accepted"],
] as const)("the connection is cut %s the server has it: %s, and %s is open", async (when, told, open, next) => {
  const others = { booked: Booked.KEEP, requestId: randomUUID() };
  proxy.cutNextCommit(when);
  expect(await outcomeOf(host.set(["10:00-12:00"], others))).toBe(told);
  expect(await host.open()).toBe(open);
  expect(await outcomeOf(host.book(hours(9, 10)))).toBe(next);
  const { kept } = await host.set(["10:00-12:00"], others);
  expect(kept).toHaveLength(told === "accepted" ? 1 : 2);
  await expectInOrder({ availability: databases.availability.url, booking: databases.booking.url }, host.hostId);
});
