/** No packet ends a process: calls that are broken off in each way, at each door, with and without a token. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "../../shared/gen/health/v1/health_pb.ts";
import { hasOpenssl, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { throwInTurn } from "../support/hostile/attack.ts";
import { endings, openedBy, openings } from "../support/hostile/endings.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { tokenOf } from "../support/tokens.ts";

/** Longer than an answer takes on a machine that is busy. */
const ANSWER_WITHIN_MS = 20_000;

const attacked = [
  { name: "availability", path: "/availability.v1.UserService/ListUsers", tls: false },
  { name: "booking", path: "/booking.v1.BookingService/ListBookings", tls: true },
] as const;
let administrators = 0;

describe.each(attacked.filter(({ tls }) => !tls || hasOpenssl()))("$name (TLS: $tls)", ({ name, path, tls }) => {
  let folder: string;
  let environment: Record<string, string>;
  let ca: Buffer | undefined;
  let database: TestDatabase;
  let service: ServiceProcess | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "slotwright-broken-off-"));
    database = await createDatabase(name);
    environment = { DATABASE_URL: database.url };
    if (!tls) return;
    const authority = await makeAuthority(folder, "authority");
    const own = await makeCertificate(folder, "server", authority);
    ca = await readFile(authority.cert);
    Object.assign(environment, { TLS_CERT: own.cert, TLS_KEY: own.key });
  });

  /** A process that the test before has ended is not to fail the next one too. */
  beforeEach(async () => {
    if (service !== undefined && service.lastWords().length === 0) return;
    service = await startProcess(name, environment);
  });

  afterAll(async () => {
    await service?.stop();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const means = {
    path,
    freshAuthorization: async () => {
      administrators += 1;
      return `Bearer ${await tokenOf({ role: "ADMIN", subject: `tester-${administrators}` })}`;
    },
  };

  describe.each([
    ["gRPC", () => service!.grpcAddress],
    ["Connect", () => service!.connectUrl],
  ])("at the %s port, a call", (_name, addressOf) => {
    test.each(openings)("$what, however it ends", async (opening) => {
      const port = Number(/\d+$/.exec(addressOf())?.[0]);
      const ways = endings.flatMap(({ bytes }) => [[bytes, "at once"] as const, [bytes, "later"] as const]);
      await Promise.all(
        ways.map(async ([bytes, when]) => throwInTurn({ port, tls }, await openedBy(opening, means), bytes, when)),
      );
      expect(service!.lastWords()).toEqual([]);
      await isWell();
    });
  });

  /** The process lives and answers. */
  async function isWell(): Promise<void> {
    const baseUrl = service!.connectUrl.replace(/^http:/, tls ? "https:" : "http:");
    const nodeOptions = ca === undefined ? {} : { ca };
    const health = createClient(Health, createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions }));
    const { status } = await health.check({}, { timeoutMs: ANSWER_WITHIN_MS });
    expect(service!.lastWords()).toEqual([]);
    expect(status).toBe(Serving.SERVING);
  }
});
