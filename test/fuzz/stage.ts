/**
 * The targets: both services and the gateway, as processes of their own on a real PostgreSQL, and once more with TLS.
 */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProgramName } from "../../services/dev/children.ts";
import { provideKeys } from "../../services/dev/keys.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import type { ServiceName } from "../../services/ops/services.ts";
import { startWorker, type Worker } from "../bench/worker.ts";
import { hasOpenssl, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { type Conversation, type DoorName, doorNames, programOf } from "./conversation.ts";
import { Program } from "./program.ts";
import type { Patient, PulseQuestion, PulseReport } from "./pulse.ts";
import { writeKeys } from "./tokens.ts";
import { storeWorld } from "./world.ts";

/** Of the programs without TLS: each call is to be traced, and nobody takes the traces. */
const TELEMETRY = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
  OTEL_TRACES_SAMPLER_ARG: "1",
  OPERATIONS_PORT: "0",
};

const WELL_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 50;

export interface StageOptions {
  /** Migrated, and empty. */
  readonly databases: Readonly<Record<ServiceName, string>>;
  readonly logFolder: string;
  /** Whether to start programs with TLS too. They need the program openssl, which makes the certificates. */
  readonly tls: boolean;
}

export class Stage {
  /** Whether there are ports with TLS. */
  readonly tls: boolean;
  readonly programs: readonly Program[];
  readonly #ports: ReadonlyMap<string, number>;
  readonly #doctor: Worker;

  constructor(tls: boolean, programs: readonly Program[], ports: ReadonlyMap<string, number>, doctor: Worker) {
    this.tls = tls;
    this.programs = programs;
    this.#ports = ports;
    this.#doctor = doctor;
  }

  portOf({ door, tls }: Pick<Conversation, "door" | "tls">): number {
    return this.#ports.get(labelOf(door, tls !== undefined))!;
  }

  /** The program that the conversation is with. */
  programOf({ door, tls }: Pick<Conversation, "door" | "tls">): Program {
    const label = labelOf(programOf(door), tls !== undefined);
    return this.programs.find((program) => program.label === label)!;
  }

  /** The health of all ports since the last call, and now. */
  pulse(): Promise<PulseReport> {
    return this.#doctor.ask<PulseReport>({ report: true } satisfies PulseQuestion);
  }

  /** Starts the programs that have ended, and returns when all are well. Forgets their complaints from meanwhile. */
  async revive(): Promise<void> {
    for (const program of this.programs) if (program.howItEnded !== undefined) program.start();
    const begun = performance.now();
    for (let well = 0; well < 2;) {
      const { pulses } = await this.pulse();
      well = pulses.every(({ failures }) => failures.length === 0) ? well + 1 : 0;
      for (const { label, howItEnded } of this.programs) {
        if (howItEnded !== undefined) throw new Error(`${label} does not start: ${howItEnded}`);
      }
      if (performance.now() - begun > WELL_WITHIN_MS) throw new Error(`not well: ${JSON.stringify(pulses)}`);
      if (well === 0) await sleep(LOOK_EVERY_MS);
    }
    for (const program of this.programs) program.complaints();
  }
}

/** Starts the programs. Disposing of `scope` stops them. */
export async function setStage(scope: AsyncDisposableStack, options: StageOptions): Promise<Stage> {
  await storeWorld(options.databases);
  const folder = await mkdtemp(join(tmpdir(), "slotwright-fuzz-"));
  scope.defer(() => rm(folder, { recursive: true }));
  await mkdir(options.logFolder, { recursive: true });
  await writeKeys(folder);
  const tls = options.tls && hasOpenssl();
  const plain = await programsOf(options, folder, undefined);
  const secure = tls ? await programsOf(options, folder, await tlsVariables(folder)) : undefined;
  const doctor = startWorker("../fuzz/pulse.ts");
  scope.defer(() => doctor.stop());
  const ports = new Map([...plain.ports, ...(secure?.ports ?? [])]);
  const programs = [...plain.programs, ...(secure?.programs ?? [])];
  scope.defer(async () => void (await Promise.all(programs.map((program) => program.stop()))));
  const stage = new Stage(tls, programs, ports, doctor);
  await doctor.ask({ watch: [...ports].map(([name, port]) => patientOf(name, port)) } satisfies PulseQuestion);
  await stage.revive();
  return stage;
}

interface Programs {
  readonly programs: readonly Program[];
  readonly ports: ReadonlyMap<string, number>;
}

async function programsOf(
  { databases, logFolder }: StageOptions,
  folder: string,
  tls: Readonly<Record<string, string>> | undefined,
): Promise<Programs> {
  const ports = new Map<string, number>();
  for (const door of doorNames) ports.set(labelOf(door, tls !== undefined), await freePort());
  const portOf = (door: DoorName): string => String(ports.get(labelOf(door, tls !== undefined)));
  const url = (door: DoorName): string => `${tls === undefined ? "http" : "https"}://127.0.0.1:${portOf(door)}`;
  const keys = await provideKeys(folder);
  const shared = {
    ...process.env,
    ...(tls ?? TELEMETRY),
    LOG_LEVEL: "info",
    AVAILABILITY_URL: url("availability connect"),
    BOOKING_URL: url("booking connect"),
  };
  const service = (name: ServiceName): Record<string, string | undefined> => ({
    ...shared,
    ...keys.variablesOf(name),
    DATABASE_URL: databases[name],
    GRPC_PORT: portOf(`${name} grpc`),
    CONNECT_PORT: portOf(`${name} connect`),
  });
  const program = (name: ProgramName, environment: Readonly<Record<string, string | undefined>>): Program =>
    new Program(name, labelOf(name, tls !== undefined), logFolder, environment);
  return {
    ports,
    programs: [
      program("availability", service("availability")),
      program("booking", service("booking")),
      program("gateway", { ...shared, GATEWAY_PORT: portOf("gateway") }),
    ],
  };
}

async function tlsVariables(folder: string): Promise<Record<string, string>> {
  const authority = await makeAuthority(folder, "authority");
  const { cert, key } = await makeCertificate(folder, "server", authority);
  return { TLS_CERT: cert, TLS_KEY: key, PEER_CA: authority.cert };
}

function labelOf(name: DoorName | ProgramName, tls: boolean): string {
  return tls ? `${name} tls` : name;
}

function patientOf(name: string, port: number): Patient {
  const protocol = name.startsWith("gateway") ? "gateway" : name.includes("grpc") ? "gRPC" : "Connect";
  return { name, port, protocol, tls: name.endsWith("tls") };
}
