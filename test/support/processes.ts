/** Services as processes of their own, to be ended as a crash ends them. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServiceName } from "../../services/migrate/migrate.ts";
import { keepLog, TEST_LOG_LEVEL } from "./logs.ts";
import { unlimited } from "./pair.ts";
import { authVariables } from "./tokens.ts";

export interface ServiceProcess {
  /** `host:port` for gRPC clients. */
  readonly grpcAddress: string;
  /** `http://host:port` for Connect clients. */
  readonly connectUrl: string;
  readonly pid: number;
  /** Whether it runs: nobody has ended it, and neither has it itself. */
  isAlive(): boolean;
  /** Ends the process with SIGKILL, in the middle of whatever it does. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Stops it in the middle of whatever it does, until `resume`. Its connections stay open, and nothing comes by them. */
  suspend(): void;
  resume(): void;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** What a service's log says when it has started. */
interface Ports {
  readonly grpcPort: number;
  readonly connectPort: number;
}

/**
 * Starts a service's `main.ts` on free ports unless `environment` names others, and waits until it has started. It ends with
 * this process, whatever becomes of that. Rejects with what the service says if it cannot start.
 */
export async function startProcess(
  name: ServiceName,
  environment: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../../services/${name}/main.ts`, import.meta.url));
  const own = { GRPC_PORT: "0", CONNECT_PORT: "0", LOG_LEVEL: TEST_LOG_LEVEL };
  const env = { ...(await authVariables(name)), ...unlimited, ...own, ...environment };
  const child = fork(main, { env, execArgv: [], silent: true });
  keepLog(child);
  const ended = once(child, "exit");
  const started = Promise.withResolvers<Ports>();
  let complaint = "";
  child.stderr?.on("data", (text) => (complaint += String(text)));
  // Read to the end, or a full pipe would stop the service's log, and the service with it.
  createInterface({ input: child.stdout! }).on("line", (line) => {
    if (line.includes('"msg":"started"')) started.resolve(JSON.parse(line) as Ports);
  });
  void ended.then(() => started.reject(new Error(`${name} ended: ${complaint}`)));
  const { grpcPort, connectPort } = await started.promise;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    grpcAddress: `127.0.0.1:${grpcPort}`,
    connectUrl: `http://127.0.0.1:${connectPort}`,
    pid: child.pid!,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    kill: () => end("SIGKILL"),
    suspend: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop: () => end("SIGTERM"),
  };
}
