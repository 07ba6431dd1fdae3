/** One run of one row or floor. */

import type { Effort, Measured } from "./drive.ts";
import type { Load } from "./load.ts";
import { cpuSeconds, serverCpuSeconds } from "./processes.ts";
import type { Service, Stage } from "./stage.ts";
import type { Worker } from "./worker.ts";

/** CPU seconds of each process. */
export interface Cpu {
  readonly booking: number;
  readonly availability: number;
  readonly postgres: number;
  /** The load generator, or the process of the floor. */
  readonly load: number;
}

export interface Measurement extends Measured {
  readonly cpu: Cpu;
}

/** Sends prepared calls at a service and checks that every one was answered as it should be. */
export async function measure(
  stage: Stage,
  service: Pick<Service, "pid">,
  load: Load,
  effort: Effort,
  expected: Record<string, number> | string,
): Promise<Measurement> {
  await stage.load.ask({ prepare: load });
  const run = await withCpu(stage, service, stage.load, () => stage.load.ask<Measured>({ go: effort }));
  const { statuses, calls } = run;
  const wanted = typeof expected === "string" ? { [expected]: calls } : expected;
  if (!isSame(statuses, wanted)) throw new Error(`${load.path} was answered ${JSON.stringify(statuses)}`);
  return run;
}

/** What was measured, and the CPU time that went by meanwhile. */
export async function withCpu(
  stage: Stage,
  service: Pick<Service, "pid">,
  worker: Worker,
  work: () => Promise<Measured>,
): Promise<Measurement> {
  const before = await cpuOf(stage, service, worker);
  const measured = await work();
  const after = await cpuOf(stage, service, worker);
  return {
    ...measured,
    cpu: {
      booking: after.booking - before.booking,
      availability: after.availability - before.availability,
      postgres: after.postgres - before.postgres,
      load: after.load - before.load,
    },
  };
}

function isSame(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): boolean {
  return [...Object.keys(one), ...Object.keys(other)].every((key) => one[key] === other[key]);
}

async function cpuOf(stage: Stage, service: Pick<Service, "pid">, worker: Worker): Promise<Cpu> {
  const [booking, availability, postgres, load] = await Promise.all([
    cpuSeconds(service.pid),
    cpuSeconds(stage.availability.pid),
    serverCpuSeconds(stage.postgresPid),
    cpuSeconds(worker.pid),
  ]);
  return { booking, availability, postgres, load };
}
