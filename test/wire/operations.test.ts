/** What a service tells those who run it: its health, and a line in the log for every call. */

import { Writable } from "node:stream";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { availabilityConfig } from "../../services/availability/config.ts";
import { startAvailability } from "../../services/availability/service.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "../../shared/gen/health/v1/health_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";
import type { Running } from "../../shared/service/run-service.ts";
import { variables } from "../support/pair.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/refusals.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

let database: TestDatabase;
let running: Running;
const lines: Readonly<Record<string, unknown>>[] = [];

beforeAll(async () => {
  database = await createDatabase("availability");
  const config = availabilityConfig({
    ...(await variables("availability", database.url)),
    OPERATIONS_PORT: "0",
    DRAIN_PAUSE_SECONDS: "2",
  });
  const collect = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  running = await startAvailability(config, pino({ level: "info" }, collect));
});

afterAll(async () => {
  await running.stop();
  await database.drop();
});

const interceptors = [bearer(tokenSource(admin))];
const transports = {
  grpc: () => createGrpcTransport({ baseUrl: `http://127.0.0.1:${running.grpcPort}`, interceptors }),
  connect: () =>
    createConnectTransport({ baseUrl: `http://127.0.0.1:${running.connectPort}`, httpVersion: "1.1", interceptors }),
};

test.each(["grpc", "connect"] as const)("over %s every call writes one line, without body or address", async (name) => {
  const users = createClient(UserService, transports[name]());
  const secret = { email: `${name}-secret@example.com`, displayName: "Very Secret", role: Role.HOST };
  const begin = lines.length;
  await users.createUser(secret);
  expect(await outcomeOf(users.createUser(secret))).toBe("EMAIL_TAKEN");
  expect(await outcomeOf(users.createUser({ ...secret, email: "secret@nowhere" }))).toBe("INVALID_REQUEST");
  await waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(begin + 3));
  const written = lines.slice(begin);
  const method = "availability.v1.UserService/CreateUser";
  expect(written).toMatchObject([
    { method, code: "OK", transport: name },
    { method, code: "ALREADY_EXISTS", reason: "EMAIL_TAKEN", transport: name },
    { method, code: "INVALID_ARGUMENT", reason: "INVALID_REQUEST", transport: name },
  ]);
  expect(written.every((line) => typeof line["duration_ms"] === "number")).toBe(true);
  expect(JSON.stringify(written)).not.toMatch(/secret|example\.com/i);
});

const page = async (name: string): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${running.operationsPort}/${name}`);
  return `${answer.status} ${await answer.text()}`;
};

// The last test of the file: afterwards the service has no database, and stops.
test("it is alive to its end, and ready while the database answers and nobody has told it to stop", async () => {
  const clients = Object.values(transports).map((transport) => createClient(Health, transport()));
  const states = (service: string) =>
    Promise.all(clients.map(async (health) => (await health.check({ service })).status));
  expect(await states(UserService.typeName)).toEqual([Serving.SERVING, Serving.SERVING]);
  expect([await page("livez"), await page("readyz")]).toEqual(["200 alive\n", "200 ready\n"]);
  await database.drop();
  await waitFor(async () =>
    expect(await states(UserService.typeName)).toEqual([Serving.NOT_SERVING, Serving.NOT_SERVING]),
  );
  expect(await states("liveness")).toEqual([Serving.SERVING, Serving.SERVING]);
  expect([await page("livez"), await page("readyz")]).toEqual(["200 alive\n", "503 not ready\n"]);
  const stopped = running.stop();
  expect([await page("livez"), await page("readyz")]).toEqual(["200 alive\n", "503 not ready\n"]);
  await stopped;
  await expect(page("livez")).rejects.toThrow("fetch failed");
});
