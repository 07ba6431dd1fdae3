/**
 * `npm run containers`: builds the image and runs docker-compose.yml with it, in a copy of the project: secrets made, all healthy,
 * booked and refused through the gateway, a service restarted, databases audited; then the demo. Ends with 0 if all of it is so.
 *
 * COMPOSE and ENGINE say how compose and the engine are called: by default `docker compose` and `docker`.
 */

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { checkDemo } from "./demo.ts";
import { Engine } from "./engine.ts";
import { checkProduction } from "./production.ts";

const project = resolve(import.meta.dirname, "../..");
/** What an operator's folder has: no node_modules, which the image must not need. */
const PARTS = [
  "Dockerfile",
  ".dockerignore",
  ".npmrc",
  "docker",
  "docker-compose.yml",
  "package.json",
  "package-lock.json",
  "services",
  "shared",
];

const folder = await mkdtemp(join(tmpdir(), "slotwright-compose-"));
for (const part of PARTS) await cp(join(project, part), join(folder, part), { recursive: true });
const { COMPOSE = "docker compose", ENGINE = "docker" } = process.env;
const engine = new Engine({ folder, compose: COMPOSE.split(" "), engine: ENGINE.split(" "), environment: process.env });
try {
  await checkProduction(engine);
  await checkDemo(engine);
  engine.say("all is well");
} catch (error) {
  await engine.showLogs();
  process.stderr.write(`containers: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await engine.down();
  await rm(folder, { recursive: true, force: true });
}
