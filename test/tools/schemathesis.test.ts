/** Schemathesis, a program that knows only the OpenAPI document, finds nothing that breaks it or the gateway. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayUnderTest, startGatewayOf } from "../gateway/started.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { programPath, saySkipped } from "../support/installed.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

const missing = ["schemathesis"].filter((name) => programPath(name) === undefined);
saySkipped(missing, "nobody tries the OpenAPI document (pip install schemathesis)");

/** Requests that are made of each operation at random, beside one for each rule of the document. */
const EXAMPLES = 20;

let pair: Pair;
let gateway: GatewayUnderTest;
let folder: string;
beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  folder = await mkdtemp(join(tmpdir(), "slotwright-schemathesis-"));
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
  await rm(folder, { recursive: true });
});

test.skipIf(missing.length > 0)("the gateway keeps what its OpenAPI document says", async () => {
  const [hostId, guestId, otherId] = [
    await createHost(pair.clients),
    await createGuest(pair.clients),
    await createGuest(pair.clients),
  ];
  await openTime(pair.clients, hostId, hours(0, 240));
  const configuration = join(folder, "schemathesis.toml");
  await writeFile(
    configuration,
    `[parameters]
host_id = "${hostId}"
hostId = "${hostId}"
guestId = "${guestId}"
user_id = "${otherId}"

# Most requests that the document allows are about bookings and hosts that are not there.
[checks]
positive_data_acceptance.enabled = false

# JSON of protobuf takes an enum's number for its name, and null for a field that is not there. The document leaves both out.
[[operations]]
include-path-regex = "^/users(:lookup)?$"
checks.negative_data_rejection.enabled = false
`,
  );
  const { authorization } = await authorizationOf(admin);
  const { code, printed } = await run("schemathesis", [
    "--config-file",
    configuration,
    "run",
    `${gateway.url}/openapi.json`,
    "--header",
    `Authorization: ${authorization}`,
    // A stream has no end.
    "--exclude-path",
    "/bookings:watch",
    "--phases",
    "examples,coverage,fuzzing",
    "--max-examples",
    String(EXAMPLES),
    "--seed",
    "1",
    "--continue-on-failure",
    "--no-color",
  ]);
  expect(code, printed).toBe(0);
});

function run(program: string, options: readonly string[]): Promise<{ code: number | string; printed: string }> {
  return new Promise((resolve) => {
    execFile(program, options, { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? "killed"), printed: stdout + stderr }),
    );
  });
}
