/** The demo of docker-compose.yml, in a folder without `.env` and without secrets. */

import { equal, ok } from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bookOnce, callsAs } from "./calls.ts";
import type { Engine } from "./engine.ts";

const ATTEMPTS_MAX = 60;

export async function checkDemo(engine: Engine): Promise<void> {
  for (const path of [".env", "secrets"]) await rm(join(engine.folder, path), { recursive: true, force: true });
  await engine.compose("--profile", "demo", "up", "--detach", "--wait");
  const started = (await engine.compose("--profile", "demo", "ps", "--services")).trim().split("\n");
  equal(started.toSorted().join(), "demo,demo-postgres");
  await waitForGuide(engine);
  const inside = async (...command: readonly string[]): Promise<string> =>
    engine.compose("exec", "-T", "demo", ...command);
  const sample = await inside("cat", "/demo/sample.env");
  const of = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(sample)?.[1] ?? "";
  equal(of("GATEWAY"), "http://127.0.0.1:8080");
  const token = await inside("node", "services/dev/token/main.ts", "--role", "USER", "--sub", "sample-guest");
  await bookOnce(callsAs(token.trim()), of("HOST_ID"), of("GUEST_ID"));
  engine.say("the demo is healthy, gives a token, lists, books and refuses");
  await engine.compose("--profile", "demo", "down", "--volumes");
}

/** The engine hands a line on a moment after it was printed. */
async function waitForGuide(engine: Engine): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const logs = await engine.compose("--profile", "demo", "logs", "demo");
    if (logs.includes("Three things to try")) return;
    ok(attempt < ATTEMPTS_MAX, `the demo prints no guide: ${logs}`);
    await pause(500);
  }
}
