/** No packet ends a process: calls that are broken off in each way, at each door, with and without a token. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { throwInTurn } from "../support/hostile/attack.ts";
import { endings, openedBy, openings } from "../support/hostile/endings.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { tokenOf } from "../support/tokens.ts";

/** Longer than an answer takes on a machine that is busy. */
const ANSWER_WITHIN_MS = 10_000;

let database: TestDatabase;
let service: ServiceProcess | undefined;
let administrators = 0;

beforeAll(async () => {
  database = await createDatabase("availability");
});

/** A process that the test before has ended is not to fail the next one too. */
beforeEach(async () => {
  if (service !== undefined && service.lastWords().length === 0) return;
  service = await startProcess("availability", { DATABASE_URL: database.url });
});

afterAll(async () => {
  await service?.stop();
  await database.drop();
});

const means = {
  path: "/availability.v1.UserService/ListUsers",
  freshAuthorization: async () => {
    administrators += 1;
    return `Bearer ${await tokenOf({ role: "ADMIN", subject: `tester-${administrators}` })}`;
  },
};

describe.each([
  ["gRPC", () => portOf(`http://${service!.grpcAddress}`)],
  ["Connect", () => portOf(service!.connectUrl)],
])("at the %s port, a call", (_name, port) => {
  test.each(openings)("$what, however it ends", async (opening) => {
    for (const { what, bytes } of endings) {
      for (const when of ["at once", "later"] as const) {
        await throwInTurn(port(), await openedBy(opening, means), bytes, when);
        expect(service!.lastWords(), `${what}, ${when}`).toEqual([]);
        await isWell(`${what}, ${when}`);
      }
    }
  });
});

/** The process lives and answers. */
async function isWell(after: string): Promise<void> {
  const answer = await fetch(`${service!.connectUrl}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }).then(
    ({ status }) => status,
    (error: unknown) => error,
  );
  expect(service!.lastWords(), after).toEqual([]);
  expect(answer, after).toBe(200);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
