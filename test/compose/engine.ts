/** Calls compose and the engine below it, in a folder with docker-compose.yml. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface EngineOptions {
  readonly folder: string;
  /** How they are called: a program and its first arguments. */
  readonly compose: readonly string[];
  readonly engine: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

export class Engine {
  readonly folder: string;
  readonly #options: EngineOptions;
  readonly #begun = performance.now();

  constructor(options: EngineOptions) {
    this.folder = options.folder;
    this.#options = options;
  }

  /** What compose prints. Rejects with what it complained of. */
  async compose(...args: readonly string[]): Promise<string> {
    return this.#run([...this.#options.compose, ...args]);
  }

  async engine(...args: readonly string[]): Promise<string> {
    return this.#run([...this.#options.engine, ...args]);
  }

  say(text: string): void {
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(1);
    process.stdout.write(`containers: ${seconds.padStart(5)} s  ${text}\n`);
  }

  /** The last words of every container, for whoever looks for what went wrong. */
  async showLogs(): Promise<void> {
    for (const profile of ["production", "demo"]) {
      const logs = await this.compose("--profile", profile, "logs", "--tail", "30").catch(String);
      process.stderr.write(logs);
    }
  }

  /** Ends all containers and deletes their volumes. */
  async down(): Promise<void> {
    for (const profile of ["production", "demo"]) {
      await this.compose("--profile", profile, "down", "--volumes", "--remove-orphans").catch((error: unknown) => {
        process.stderr.write(`containers: ${String(error)}\n`);
      });
    }
  }

  async #run([program = "", ...args]: readonly string[]): Promise<string> {
    const { folder, environment } = this.#options;
    const options = { cwd: folder, env: environment, maxBuffer: OUTPUT_MAX_BYTES };
    try {
      return (await promisify(execFile)(program, args, options)).stdout;
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }
}
