/** The life of a service's process: settings, start, signals, end. */

import type { Logger } from "pino";
import { openLog } from "../log.ts";

/** What has been started and can be stopped. */
export interface Started {
  /** Finishes what is under way, within limits, and closes everything. */
  stop(): Promise<void>;
}

/** A started service. */
export interface Running extends Started {
  readonly grpcPort: number;
  readonly connectPort: number;
  /** Left out where there is none. */
  readonly operationsPort?: number;
}

export interface ServiceProgram<Config extends { readonly logLevel: string }> {
  /** Names the service in its log and in what it says when it cannot start. */
  readonly name: string;
  readonly readConfig: (environment: NodeJS.ProcessEnv) => Config;
  /** What it has beside `stop` (its ports) goes to the log. */
  readonly start: (config: Config, log: Logger) => Promise<Started>;
}

/**
 * Runs a service until it is told to end, and ends the process: with 0 after SIGTERM, SIGINT or the end of its parent; with
 * 1 if it cannot start (one line on stderr says why) or after an uncaught error (the log has it).
 *
 * A service that was started with an IPC channel ends when the channel closes. That is the only sign of a parent that was
 * killed with SIGKILL, and without it every hard stop of `npm start` would leave services on their ports.
 */
export async function runService<Config extends { readonly logLevel: string }>(
  process: NodeJS.Process,
  program: ServiceProgram<Config>,
): Promise<void> {
  const ending = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.resolve(signal));
  if (process.channel !== undefined && process.channel !== null) {
    process.once("disconnect", () => ending.resolve("the parent process is gone"));
  }

  let started: Started;
  let log: Logger;
  try {
    const config = program.readConfig(process.env);
    log = openLog({ name: program.name, level: config.logLevel });
    endOnUncaught(process, log);
    started = await program.start(config, log);
  } catch (error) {
    process.stderr.write(`${program.name} cannot start: ${oneLine(error)}\n`);
    process.exit(1);
  }
  const { stop, ...ports } = started;
  log.info(ports, "started");

  log.info({ because: await ending.promise }, "stopping");
  await stop();
  log.info("stopped");
  process.exit(0);
}

/** Nothing is known of the state that such an error leaves behind, so the process does not go on with it. */
function endOnUncaught(process: NodeJS.Process, log: Logger): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.once(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      process.exit(1);
    });
  }
}

/** The message of an error and of what caused it, on one line. Connection errors to several addresses have none of their own. */
function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own =
    error.message === "" && error instanceof AggregateError ? error.errors.map(oneLine).join(", ") : error.message;
  const text = error.cause === undefined ? own : `${own}: ${oneLine(error.cause)}`;
  return text.replaceAll(/\s+/g, " ");
}
