/**
 * `npm run fuzz`: attacks both services and the gateway with conversations that a seed decides.
 *
 * `--minutes 30`: how long (1 by default). `--count 1000`: how many conversations instead. `--seed N`: the
 * conversations of N. `--target booking`: one program only, or one door ("booking grpc"). `--plain`: nothing with TLS.
 * `--replay` with `SEED/NUMBER`, `SEED/FROM-TO`, a line of JSON as a finding prints it, or a file of such lines: only
 * these, on fresh processes.
 */

import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { serviceNames } from "../../services/ops/services.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/time-units.ts";
import { assertNoSecretsIn } from "../support/secrets.ts";
import { onServer } from "../support/server.ts";
import { type DoorName, doorNames, programOf } from "./conversation.ts";
import { lookAt } from "./findings.ts";
import { readReplay } from "./replay.ts";
import { reportOf } from "./report.ts";
import { does, hold, run } from "./run.ts";
import { setStage, type Stage } from "./stage.ts";

const SEED_END = 2 ** 32;
const PROGRESS_EVERY_MS = 10 * SECOND_MS;

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    count: { type: "string" },
    seed: { type: "string" },
    target: { type: "string" },
    plain: { type: "boolean", default: false },
    replay: { type: "string" },
  },
});

{
  await using scope = new AsyncDisposableStack();
  const logFolder = await mkdtemp(join(tmpdir(), "slotwright-fuzz-logs-"));
  say(`starting PostgreSQL, both services and the gateway; their logs: ${logFolder}`);
  const stage = await setStage(scope, { databases: await makeDatabases(scope), logFolder, tls: !options.plain });
  if (!stage.tls && !options.plain) say("*** The program openssl is not there: nothing is tried with TLS. ***");
  const count = options.replay === undefined ? await attack(stage) : await replay(stage, options.replay);
  process.exitCode = count === 0 ? 0 : 1;
  await assertNoSecretsIn(logFolder);
  // A developer who looks for a fault wants the logs.
  if (count === 0) scope.defer(() => rm(logFolder, { recursive: true }));
}

/** Returns the number of faults that it found. */
async function attack(stage: Stage): Promise<number> {
  const seed = options.seed === undefined ? randomInt(SEED_END) : Number(options.seed);
  const end = performance.now() + Number(options.minutes) * MINUTE_MS;
  let told = performance.now();
  const doors = chosenDoors(options.target);
  say(`seed ${seed}`);
  const { held, seen } = await run(stage, {
    seed,
    isWanted: ({ door, tls }) => doors.includes(door) && (tls === undefined || stage.tls),
    goOn(so) {
      if (performance.now() - told > PROGRESS_EVERY_MS) {
        told = performance.now();
        say(`${so} conversations`);
      }
      return options.count === undefined ? performance.now() < end : so < Number(options.count);
    },
    onFound: (found, so) => say(reportOf(found, seed, so)),
  });
  say(`${held} conversations of seed ${seed}, ${seen.size} faults`);
  for (const [signature, times] of seen) say(`  ${times} times: ${signature}`);
  return seen.size;
}

async function replay(stage: Stage, what: string): Promise<number> {
  const group = await readReplay(what);
  await hold(stage, group);
  const found = await lookAt(stage);
  let count = 0;
  for (const finding of found) {
    if (finding.kind === "late" && !(await does(stage, finding, group))) continue;
    count += 1;
    say(`FOUND ${finding.label}: ${finding.kind}: ${finding.what}`);
  }
  say(count === 0 ? "nothing broke" : `${count} findings`);
  return count;
}

function chosenDoors(target: string | undefined): readonly DoorName[] {
  const chosen = doorNames.filter((door) => target === undefined || door === target || programOf(door) === target);
  if (chosen.length === 0) throw new Error(`there is no target "${target}": ${doorNames.join(", ")}`);
  return chosen;
}

async function makeDatabases(scope: AsyncDisposableStack): Promise<{ availability: string; booking: string }> {
  const postgres = await startPostgres({
    folder: join(tmpdir(), `slotwright-fuzz-postgres-${randomBytes(6).toString("hex")}`),
    port: 0,
    // The run's databases need not survive a crash.
    settings: { fsync: "off", full_page_writes: "off" },
    temporary: true,
  });
  scope.defer(() => postgres.stop());
  for (const name of serviceNames) {
    await onServer(postgres.url("postgres"), (client) => client.query(`create database ${name}`));
    await migrateDatabase(name, postgres.url(name));
  }
  return { availability: postgres.url("availability"), booking: postgres.url("booking") };
}

function say(what: string): void {
  process.stdout.write(`${what}\n`);
}
