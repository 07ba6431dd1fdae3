/**
 * `npm run bench`: starts its own pair on fresh data, measures every row beside its floor, prints one table.
 *
 * `--smoke`: three rows, within 45 s. `--json FILE`: the table as JSON too. `--rows NAMES`: only these, by comma.
 * `--telemetry`: the services send traces, at the default sampling, and metrics, to a collector that throws them away.
 */

import { parseArgs } from "node:util";
import { h2loadEcho } from "./cross-check.ts";
import type { Measurement } from "./measure.ts";
import { residentMb } from "./processes.ts";
import { type Rows, rowsOf } from "./rows.ts";
import { setStage, type Stage } from "./stage.ts";
import { type Figures, figuresOf, tableOf, writeJson } from "./table.ts";
import { transactionsPerBurst } from "./transactions.ts";

const SMOKE = ["create-256", "hot-slot", "echo-grpc"];
const STORED_BOOKINGS = 1_000_000;
const ROUNDS = { full: 5, smoke: 3 };
const RUN_MS = { full: 2000, smoke: 1000 };
/** Before the first round, every row runs without being measured. */
const WARM_UP_MS = 1000;

const { values: options } = parseArgs({
  options: {
    smoke: { type: "boolean" },
    json: { type: "string" },
    rows: { type: "string" },
    telemetry: { type: "boolean" },
  },
});
const kind = options.smoke === true ? "smoke" : "full";

{
  await using scope = new AsyncDisposableStack();
  say("starting PostgreSQL, both services and the floors");
  const names = kind === "smoke" ? SMOKE : options.rows?.split(",");
  const stored = names?.includes("create-256-1m") === false ? 0 : STORED_BOOKINGS;
  const stage = await setStage(scope, stored, options.telemetry === true);
  const rows = await rowsOf(stage, names);
  const figures = await measureAll(stage, rows);
  const memory = await memoryOf(stage);
  process.stdout.write(`\n${tableOf(figures, memory)}`);
  if (kind === "full" && rows.rows.some(({ name }) => name === "echo-grpc")) {
    const perSecond = await h2loadEcho(stage);
    if (perSecond !== undefined) say(`h2load counts ${perSecond.toFixed(0)} calls/s for echo-grpc`);
  }
  if (options.json !== undefined) await writeJson(options.json, figures, memory);
}

/** Rows and floors take turns, so that a machine that is slower for a while is so for all of them. */
async function measureAll(stage: Stage, { rows, floors }: Rows): Promise<Figures[]> {
  const runs = new Map<string, Measurement[]>();
  const floorRuns = new Map<string, Measurement[]>();
  say("warming up");
  for (const { run, warmUps = 1 } of rows) for (let time = 1; time <= warmUps; time += 1) await run(WARM_UP_MS);
  for (const floor of Object.values(floors)) await floor(WARM_UP_MS);
  for (let round = 1; round <= ROUNDS[kind]; round += 1) {
    say(`round ${round} of ${ROUNDS[kind]}`);
    const measured = new Set<string>();
    for (const row of rows) {
      const floor = floors[row.floor];
      const isDue = floor !== undefined && !measured.has(row.floor);
      measured.add(row.floor);
      for (let time = 1; time <= row.times; time += 1) {
        append(runs, row.name, await row.run(RUN_MS[kind]));
        if (isDue) append(floorRuns, row.floor, await floor(RUN_MS[kind]));
      }
    }
  }
  const burst = rows.find(({ name }) => name === "hot-slot");
  const transactions = burst === undefined ? undefined : await transactionsPerBurst(stage, burst.run);
  return rows.map(({ name, floor }) => {
    const figures = figuresOf(name, runs.get(name) ?? [], floorRuns.get(floor) ?? runs.get(floor) ?? []);
    return name === "hot-slot" && transactions !== undefined ? { ...figures, transactions } : figures;
  });
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}

async function memoryOf(stage: Stage): Promise<Record<string, number>> {
  return {
    availability: await residentMb(stage.availability.pid),
    booking: await residentMb(stage.booking.pid),
    gateway: await residentMb(stage.gateway.pid),
    ...(stage.crowded === undefined ? {} : { "booking with 1m": await residentMb(stage.crowded.pid) }),
    load: await residentMb(stage.load.pid),
  };
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}
