/**
 * `npm run torment -- --minutes 10 --seed 7`, or `--rounds 20`: the tormentor of test/torment/torment.test.ts for as long as is
 * wanted. 20 rounds are 200 ended connections and 20 restarts.
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
