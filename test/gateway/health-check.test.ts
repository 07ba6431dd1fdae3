/** A container's health check of the gateway: `services/ops/health/main.ts` with the gateway's environment. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { hasOpenssl, makeAuthority, makeCertificate } from "../support/certificates.ts";
import type { Pair } from "../support/pair.ts";
import { startGatewayOf } from "./started.ts";

/** Nobody is asked: the gateway answers by itself. */
const nowhere = {
  availability: { connectUrl: "http://127.0.0.1:1" },
  booking: { connectUrl: "http://127.0.0.1:1" },
} as Pick<Pair, "availability" | "booking">;

/** What the check writes to stderr. */
async function check(environment: Readonly<Record<string, string>>): Promise<string> {
  const program = resolve(import.meta.dirname, "../../services/ops/health/main.ts");
  return new Promise((done) => {
    execFile(process.execPath, [program], { env: { ...environment } }, (error, _stdout, stderr) => {
      done(error === null ? "serves" : stderr);
    });
  });
}

/** What the check says while the gateway serves, and after it has ended. */
async function checkedTwice(tls: Readonly<Record<string, string>>): Promise<string[]> {
  const gateway = await startGatewayOf(nowhere, tls);
  const environment = { ...tls, GATEWAY_PORT: new URL(gateway.url).port };
  const serving = await check(environment);
  await gateway.stop();
  return [serving, await check(environment)];
}

test("ends well while the gateway serves, and not when it has ended", async () => {
  expect(await checkedTwice({})).toEqual(["serves", "health: it does not serve\n"]);
});

test("says that it does not know whom to ask", async () => {
  expect(await check({})).toBe("health: neither GRPC_PORT nor GATEWAY_PORT is set\n");
});

describe.skipIf(!hasOpenssl())(
  "with certificates (made by the program openssl, without which this is not tested)",
  () => {
    test("asks by TLS if the gateway speaks it, whatever name the certificate is for", async () => {
      const folder = await mkdtemp(join(tmpdir(), "slotwright-health-"));
      const { cert, key } = await makeCertificate(folder, "gateway", await makeAuthority(folder, "authority"));
      expect(await checkedTwice({ TLS_CERT: cert, TLS_KEY: key })).toEqual(["serves", "health: it does not serve\n"]);
      await rm(folder, { recursive: true });
    });
  },
);
