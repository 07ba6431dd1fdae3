/** The figures of a row, and how they are shown. */

import { writeFile } from "node:fs/promises";
import type { Cpu, Measurement } from "./measure.ts";

export interface Figures {
  readonly name: string;
  /** Calls per second. */
  readonly throughput: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Calls per second of its floor, and its p50. */
  readonly floor: number;
  readonly floor_p50_ms: number;
  readonly ratio: number;
  readonly cpu_seconds_per_1000: Cpu;
  readonly floor_cpu_seconds_per_1000: Cpu;
  /** Only of `hot-slot`. */
  readonly transactions?: number;
}

/** The median of each figure over the runs of a row and of its floor. */
export function figuresOf(name: string, runs: readonly Measurement[], floors: readonly Measurement[]): Figures {
  const throughput = median(runs.map(rateOf));
  const floor = median(floors.map(rateOf));
  return {
    name,
    throughput,
    p50_ms: median(runs.map((run) => run.p50Ms)),
    p99_ms: median(runs.map((run) => run.p99Ms)),
    floor,
    floor_p50_ms: median(floors.map((run) => run.p50Ms)),
    ratio: throughput / floor,
    cpu_seconds_per_1000: perThousand(runs),
    floor_cpu_seconds_per_1000: perThousand(floors),
  };
}

export function tableOf(rows: readonly Figures[], memoryMb: Readonly<Record<string, number>>): string {
  const titles = [
    "",
    "calls/s",
    "p50 ms",
    "p99 ms",
    "floor/s",
    "its p50",
    "ratio",
    "booking",
    "avail.",
    "postgres",
    "load",
  ];
  const lines = rows.map((row) => [
    row.name,
    row.throughput.toFixed(0),
    row.p50_ms.toFixed(2),
    row.p99_ms.toFixed(2),
    row.floor.toFixed(0),
    row.floor_p50_ms.toFixed(2),
    row.ratio.toFixed(2),
    ...Object.values(row.cpu_seconds_per_1000).map((seconds: number) =>
      Number.isNaN(seconds) ? "" : seconds.toFixed(3),
    ),
  ]);
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const aligned = [titles, ...lines].map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  const transactions = rows.find((row) => row.transactions !== undefined)?.transactions;
  const derived = rows.find(({ name }) => name === "derive");
  const memory = Object.entries(memoryMb).map(([name, megabytes]) => `${name} ${megabytes.toFixed(0)} MB`);
  return [
    ...aligned,
    "",
    "The four columns on the right: CPU seconds per 1,000 calls.",
    ...(transactions === undefined ? [] : [`hot-slot: ${transactions.toFixed(1)} transactions per 1,000 callers.`]),
    ...(derived === undefined
      ? []
      : [`derive: ${microseconds(derived.p50_ms)} for a year, its floor ${microseconds(derived.floor_p50_ms)}.`]),
    `Memory at the end: ${memory.join(", ")}.`,
    "",
  ].join("\n");
}

/** The same as JSON: an array of rows, the last of them the memory. */
export async function writeJson(
  file: string,
  rows: readonly Figures[],
  memoryMb: Readonly<Record<string, number>>,
): Promise<void> {
  const memory = {
    name: "memory",
    throughput: null,
    p50_ms: null,
    p99_ms: null,
    floor: null,
    ratio: null,
    memory_mb: memoryMb,
  };
  await writeFile(file, `${JSON.stringify([...rows, memory], undefined, 2)}\n`);
}

function perThousand(runs: readonly Measurement[]): Cpu {
  const calls = runs.reduce((sum, run) => sum + run.calls, 0);
  const of = (process: keyof Cpu): number => (runs.reduce((sum, run) => sum + run.cpu[process], 0) / calls) * 1000;
  return { booking: of("booking"), availability: of("availability"), postgres: of("postgres"), load: of("load") };
}

function microseconds(ms: number): string {
  return `${(ms * 1000).toFixed(0)} µs`;
}

function rateOf(run: Measurement): number {
  return run.calls / run.seconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
