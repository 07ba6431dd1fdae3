/** The programs of `npm start`, each a process of its own. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isServing } from "../ops/health/probe.ts";
import type { ServiceName } from "../ops/services.ts";
import { StartFailure } from "./machine/failure.ts";

/** A folder of `services/` with a `main.ts`. */
export type ProgramName = ServiceName | "gateway";

export interface Child {
  readonly name: ProgramName;
  readonly pid: number | undefined;
  /** Resolves when the process has ended, with how it ended. */
  readonly ended: Promise<string>;
  /** Lets the service finish its calls and end, within a limit; `ended` has resolved when this does. */
  stop(): Promise<void>;
}

/** Only what hangs takes so long: what ends is noticed at once. */
const READY_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 1000;
const PROBE_EVERY_MS = 50;
/** Longer than a service takes to drain. */
const STOP_TIMEOUT_MS = 20_000;

/** Starts a program. It ends by itself when the channel to us closes, so that `kill -9` of us leaves none behind. */
export function startChild(name: ProgramName, environment: Readonly<Record<string, string | undefined>>): Child {
  const program = resolve(import.meta.dirname, "..", name, "main.ts");
  const child = fork(program, {
    env: { ...environment },
    execArgv: [],
    // Ctrl-C reaches the whole process group of a terminal: apart from it, the services end in the order that we say.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code, signal]: unknown[]) =>
    typeof code === "number" ? `exit code ${code}` : `signal ${String(signal)}`,
  );
  return {
    name,
    pid: child.pid,
    ended,
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Waits until a service says that it is serving. Throws StartFailure if it ends or does not say so in time. */
export async function waitUntilServing(child: Child, address: string, signal: AbortSignal): Promise<void> {
  await waitUntilReady(child, () => isServing(address, PROBE_TIMEOUT_MS), signal);
}

/** The same for a program that is asked in another way. */
export async function waitUntilReady(
  child: Child,
  isReady: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let gone: string | undefined;
  void child.ended.then((how) => (gone = how));
  const begun = performance.now();
  while (!(await isReady())) {
    signal.throwIfAborted();
    if (gone !== undefined) throw new StartFailure(`${child.name} did not start (${gone})`);
    if (performance.now() - begun > READY_TIMEOUT_MS) throw new StartFailure(`${child.name} does not get ready`);
    await pause(PROBE_EVERY_MS);
  }
}
