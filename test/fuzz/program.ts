/**
 * One program under attack: a process as an operator runs it. It logs to a file, which the fuzzer reads as it grows.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ProgramName } from "../../services/dev/children.ts";

const LEVEL_ERROR = 50;

/** A line that a process should not have written. */
export interface Complaint {
  readonly level: "error" | "fatal" | "stderr";
  readonly line: string;
}

export class Program {
  readonly name: ProgramName;
  /** Distinguishes it from the other programs of its name. */
  readonly label: string;
  readonly #logFolder: string;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #starts = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #howItEnded: string | undefined = "it was never started";
  #read = { out: 0, err: 0 };

  constructor(
    name: ProgramName,
    label: string,
    logFolder: string,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.name = name;
    this.label = label;
    this.#logFolder = logFolder;
    this.#environment = environment;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How the process has ended by itself; undefined while it lives. */
  get howItEnded(): string | undefined {
    return this.#howItEnded;
  }

  start(): void {
    this.#starts += 1;
    this.#read = { out: 0, err: 0 };
    this.#howItEnded = undefined;
    const [out, err] = [openSync(this.#logFile("out"), "w"), openSync(this.#logFile("err"), "w")];
    const program = resolve(import.meta.dirname, "../../services", this.name, "main.ts");
    // The program ends when this channel closes, so it never outlives the fuzzer.
    const child = fork(program, { env: { ...this.#environment }, execArgv: [], stdio: ["ignore", out, err, "ipc"] });
    closeSync(out);
    closeSync(err);
    this.#child = child;
    this.#ended = once(child, "exit");
    child.once("exit", (code, signal) => {
      this.#howItEnded = code === null ? `signal ${signal}` : `exit code ${code}`;
    });
  }

  /** Ends it at once, if it lives. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  /** Ends it in order, as an operator does. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await this.#ended;
  }

  /** Its complaints since the last call. */
  complaints(): Complaint[] {
    const errors = this.#newLines("out").flatMap((line): Complaint[] => {
      const level = levelOf(line);
      return level < LEVEL_ERROR ? [] : [{ level: level === LEVEL_ERROR ? "error" : "fatal", line }];
    });
    return [...errors, ...this.#newLines("err").map((line): Complaint => ({ level: "stderr", line }))];
  }

  #newLines(kind: "out" | "err"): string[] {
    const text = readFileSync(this.#logFile(kind)).subarray(this.#read[kind]);
    // The program may still be writing the last line.
    const end = text.lastIndexOf("\n") + 1;
    this.#read[kind] += end;
    return text.subarray(0, end).toString().split("\n").slice(0, -1);
  }

  #logFile(kind: "out" | "err"): string {
    return join(this.#logFolder, `${this.label.replace(" ", "-")}-${this.#starts}.std${kind}`);
  }
}

function levelOf(line: string): number {
  return Number(/^\{"level":(\d+)/.exec(line)?.[1] ?? 0);
}
