/** The state of the programs after a group of conversations, and what is wrong with it. */

import { setTimeout as sleep } from "node:timers/promises";
import { residentMb } from "../bench/processes.ts";
import type { Complaint, Program } from "./program.ts";
import type { Stage } from "./stage.ts";

/** The promise: a port answers a question for its health within this. */
export const HEALTH_MAX_MS = 100;
/**
 * On a busy machine processes wait for a core. The process that asks measures its own wait; a question and its answer
 * take about this many such waits, one after the other.
 */
const WAITS_PER_ANSWER = 5;
/** Several times what a program needs after an hour of honest work. */
export const MEMORY_MAX_MB = 600;
/** How long a program that has grown may take to collect its garbage while no client calls it. */
const IDLE_MAX_MS = 15_000;
const LOOK_EVERY_MS = 500;
const SHOWN_MAX = 4000;

export interface Finding {
  readonly kind: "ended" | "fatal" | "error" | "stderr" | "late" | "unwell" | "memory";
  /** Which program. */
  readonly label: string;
  readonly what: string;
  /** The same for two findings of one fault. */
  readonly signature: string;
}

/** Looks at all programs. If one has ended, complaints of the others about its absence are no finding. */
export async function lookAt(stage: Stage): Promise<Finding[]> {
  const { pulses, ownDelayMs } = await stage.pulse();
  const said = stage.programs.map((program) => ({ program, complaints: program.complaints() }));
  const ended = said.filter(({ program }) => program.howItEnded !== undefined);
  if (ended.length > 0) return ended.map(({ program, complaints }) => endOf(program, complaints));
  const complained = said.flatMap(({ program, complaints }) => complaints.map((each) => complaintOf(program, each)));
  const unwell = pulses
    .filter(({ failures }) => failures.length > 0)
    .map(({ name, failures }) => finding("unwell", name, failures.join(", "), failures[0]!));
  const late = pulses
    .filter(({ worstMs }) => worstMs > HEALTH_MAX_MS + WAITS_PER_ANSWER * ownDelayMs)
    .map(({ name, worstMs }) => finding("late", name, `health was answered after ${worstMs.toFixed(0)} ms`, ""));
  return [...complained, ...unwell, ...late, ...(await grown(stage))];
}

async function grown(stage: Stage): Promise<Finding[]> {
  const large = async (): Promise<Finding[]> => {
    const sizes = await Promise.all(
      stage.programs.map(async ({ label, pid }) => ({ label, mb: await residentMb(pid) })),
    );
    return sizes
      .filter(({ mb }) => mb > MEMORY_MAX_MB)
      .map(({ label, mb }) =>
        finding("memory", label, `it has ${mb.toFixed(0)} MB, and stays so when nobody asks`, ""),
      );
  };
  const begun = performance.now();
  let found = await large();
  while (found.length > 0 && performance.now() - begun < IDLE_MAX_MS) {
    await sleep(LOOK_EVERY_MS);
    found = await large();
  }
  return found;
}

function endOf({ label, howItEnded }: Program, complaints: readonly Complaint[]): Finding {
  // Node says what is wrong in its first lines, and where in those behind them.
  const said = complaints.findLast(({ level }) => level === "fatal")?.line ?? linesOf(complaints);
  return finding("ended", label, `${howItEnded}: ${said === "" ? "without a word" : said}`, causeIn(said));
}

function linesOf(complaints: readonly Complaint[]): string {
  return complaints.map(({ line }) => line).join("\n");
}

function complaintOf({ label }: Program, { level, line }: Complaint): Finding {
  return finding(level, label, line, causeIn(line));
}

function finding(kind: Finding["kind"], label: string, what: string, cause: string): Finding {
  const program = label.split(" ")[0] ?? "";
  return { kind, label, what: what.slice(0, SHOWN_MAX), signature: `${program} ${kind} ${cause}` };
}

interface LoggedError {
  readonly type?: string;
  readonly message?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** What was thrown, and where, without what differs from one time to the next. */
function causeIn(line = ""): string {
  let said = line;
  try {
    const { msg = "", err } = JSON.parse(line) as { readonly msg?: string; readonly err?: LoggedError };
    const frame = /\n +at (.*)/.exec(err?.stack ?? "")?.[1] ?? "";
    said = `${msg}: ${err?.type} ${err?.message} ${err?.cause?.message ?? ""} ${frame}`;
  } catch {
    // Not every line comes from the log: libraries and Node write to stderr too.
  }
  return said.replaceAll(/[\da-f-]{8,}|\d+/gi, "#").slice(0, 200);
}
