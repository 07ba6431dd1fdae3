/** Prometheus as an operator runs it, on a folder of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "../../services/dev/machine/ports.ts";
import { waitFor } from "../support/waits.ts";

export interface Prometheus {
  /** The values that an expression has now. Rejects if it is none. */
  query(expression: string): Promise<number[]>;
  stop(): Promise<void>;
}

/** Scrapes the operations ports (`http://host:port`), by the names of their jobs, each second. */
export async function startPrometheus(
  operationsUrls: Readonly<Record<string, string>>,
  rulesFile: string,
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "slotwright-prometheus-"));
  const file = join(folder, "prometheus.yaml");
  const jobs = Object.entries(operationsUrls).map(([name, url]) => ({
    job_name: name,
    static_configs: [{ targets: [new URL(url).host] }],
  }));
  const config = { global: { scrape_interval: "1s", evaluation_interval: "1s" }, rule_files: [rulesFile] };
  await writeFile(file, stringify({ ...config, scrape_configs: jobs }));
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`];
  const program = spawn("prometheus", [...flags, `--web.listen-address=${address}`], { stdio: "ignore" });
  const ended = once(program, "exit");
  await waitFor(async () => {
    const { status } = await fetch(`http://${address}/-/ready`);
    if (status !== 200) throw new Error(`Prometheus is not ready: ${status}`);
  }, 60_000);
  return {
    async query(expression) {
      const url = `http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const answer = (await (await fetch(url)).json()) as Answer;
      if (answer.status !== "success") throw new Error(`${answer.error ?? "no answer"}: ${expression}`);
      return answer.data?.result.map(({ value: [, text] }) => Number(text)) ?? [];
    },
    async stop() {
      program.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}
