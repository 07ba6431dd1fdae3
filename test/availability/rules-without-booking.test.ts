import { afterAll, beforeAll, expect, test } from "vitest";
import { createHost } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";

let replicas: Replicas;

beforeAll(async () => {
  replicas = await startReplicas(1);
});

afterAll(() => replicas.stop());

test("rules change only where Booking can be told of it; they can be read without it", async () => {
  const { availability } = replicas.clients[0]!;
  const hostId = await createHost(replicas.clients[0]!);
  const before = await availability.getRules({ hostId });
  expect(await outcomeOf(availability.updateRules({ hostId, seats: 2 }))).toBe("PEER_UNAVAILABLE");
  // Also what would change nothing is refused: whether Booking has heard of these rules, nobody knows.
  expect(await outcomeOf(availability.updateRules({ hostId }))).toBe("PEER_UNAVAILABLE");
  expect(await availability.getRules({ hostId })).toEqual(before);
  const { rowCount } = await replicas.pool.query("select from calendars where host_id = $1", [hostId]);
  expect(rowCount).toBe(0);
});
