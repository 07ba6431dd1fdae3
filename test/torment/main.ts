/**
 * `npm run torment -- --minutes 10 --seed 7`, or `--rounds 20`: runs test/torment/torment.test.ts for as long as the
 * developer likes. 20 rounds end 200 connections and restart PostgreSQL 30 times.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { minutes: { type: "string" }, rounds: { type: "string" }, seed: { type: "string" } },
});
const env = {
  ...process.env,
  TORMENT_MINUTES: values.minutes ?? "0",
  TORMENT_ROUNDS: values.rounds ?? "1",
  TORMENT_SEED: values.seed ?? String(Math.floor(Math.random() * 2 ** 31)),
};
const vitest = spawn("vitest", ["run", "test/torment/torment.test.ts"], { env, stdio: "inherit" });
await once(vitest, "exit");
process.exitCode = vitest.exitCode ?? 1;
