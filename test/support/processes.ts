/** Services as processes of their own, to be ended as a crash ends them. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceName } from "../../services/ops/services.ts";
import { keepLog, TEST_LOG_LEVEL } from "./logs.ts";
import { unlimited } from "./pair.ts";
import { authVariables } from "./tokens.ts";

/** A process of ours, whichever. */
export interface OwnProcess {
  readonly pid: number;
  /** The path of its `main.ts`. */
  readonly program: string;
  /** Whether it runs: it was not killed and did not exit. */
  isAlive(): boolean;
  /** What it has said before it ended by itself, the last lines of its log; none while it lives. */
  lastWords(): readonly string[];
  /** Ends the process with SIGKILL, in the middle of its work. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops it in the middle of its work, until `resume`. Its connections stay open, and nothing comes by them. */
  suspend(): void;
  resume(): void;
  /** Ends it in order. */
  stop(): Promise<void>;
}

export interface ServiceProcess extends OwnProcess {
  /** `host:port` for gRPC clients. */
  readonly grpcAddress: string;
  /** `http://host:port` for Connect clients. */
  readonly connectUrl: string;
}

export interface GatewayProcess extends OwnProcess {
  /** `http://host:port` */
  readonly url: string;
}

/** pino's number for what ends a process: see `endOnUncaught` of shared/service/run-service.ts. */
const FATAL = '"level":60';

/** This code, of which other code has a copy of its own: see test/upgrade/. */
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts a service's `main.ts` on free ports unless `environment` names others, and waits until it has started. It ends with
 * this process, however that ends. Rejects with what the service says if it cannot start. `tree`: the folder of its code.
 */
export async function startProcess(
  name: ServiceName,
  environment: Readonly<Record<string, string>>,
  tree: string = PROJECT,
): Promise<ServiceProcess> {
  const own = { GRPC_PORT: "0", CONNECT_PORT: "0" };
  const env = { ...(await authVariables(name)), ...unlimited, ...own, ...environment };
  const { process, ports } = await launch(tree, name, env);
  const grpcAddress = `127.0.0.1:${ports["grpcPort"]}`;
  return { ...process, grpcAddress, connectUrl: `http://127.0.0.1:${ports["connectPort"]}` };
}

/** The same of the gateway. */
export async function startGatewayProcess(
  environment: Readonly<Record<string, string>>,
  tree: string = PROJECT,
): Promise<GatewayProcess> {
  const { process, ports } = await launch(tree, "gateway", { GATEWAY_PORT: "0", ...environment });
  return { ...process, url: `http://127.0.0.1:${ports["port"]}` };
}

/** What its log says when it has started. */
type Ports = Readonly<Record<string, number>>;

async function launch(
  tree: string,
  name: ServiceName | "gateway",
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly process: OwnProcess; readonly ports: Ports }> {
  const program = join(tree, "services", name, "main.ts");
  const child = fork(program, {
    env: { LOG_LEVEL: TEST_LOG_LEVEL, ...environment },
    execArgv: [],
    silent: true,
  });
  keepLog(child);
  const ended = once(child, "exit");
  const started = Promise.withResolvers<Ports>();
  let complaint = "";
  const fatal: string[] = [];
  child.stderr?.on("data", (text) => (complaint += String(text)));
  // Read to the end, or a full pipe would stop the service's log, and the service with it.
  createInterface({ input: child.stdout! }).on("line", (line) => {
    if (line.includes('"msg":"started"')) started.resolve(JSON.parse(line) as Ports);
    if (line.includes(FATAL)) fatal.push(line);
  });
  void ended.then(() => started.reject(new Error(`${name} ended: ${complaint}`)));
  const ports = await started.promise;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const process: OwnProcess = {
    pid: child.pid!,
    program,
    isAlive,
    lastWords: () => (!isAlive() && fatal.length === 0 ? [`it has ended: ${complaint}`] : fatal),
    kill: () => end("SIGKILL"),
    suspend: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop: () => end("SIGTERM"),
  };
  return { ports, process };
}
