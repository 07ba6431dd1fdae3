/**
 * Holds conversations group by group, looks at the programs after each group, and searches for the conversation at
 * fault.
 */

import { availableParallelism } from "node:os";
import type { Conversation } from "./conversation.ts";
import { type Finding, lookAt } from "./findings.ts";
import { drawConversation } from "./generate.ts";
import type { Stage } from "./stage.ts";
import { talk } from "./talk.ts";

/** Conversations at once. They mostly wait. */
const GROUP = 16 * Math.min(2, availableParallelism());
/** How often all suspects are tried, because some faults are races. */
const TRIALS = 2;
/** How often a suspect that has just caused the fault is tried alone. */
const ALONE_TRIALS = 3;
/** How often a stall must come again. If it does not each time, the machine stalled and not the program. */
const STALL_TRIALS = 3;

export interface Numbered {
  readonly number: number;
  readonly conversation: Conversation;
}

export interface Found {
  readonly finding: Finding;
  /** The conversation at fault, if the search has found it; otherwise those that it is among. */
  readonly suspects: readonly Numbered[];
  readonly reproduced: boolean;
}

export interface RunOptions {
  readonly seed: number;
  /** The run skips unwanted conversations. The others keep their numbers. */
  readonly isWanted: (conversation: Conversation) => boolean;
  /** Whether to go on after `held` conversations. */
  readonly goOn: (held: number) => boolean;
  /** Called at once, and once for each fault. */
  readonly onFound: (found: Found, held: number) => void;
}

export interface RunResult {
  readonly held: number;
  /** How often each fault was seen, by its signature. */
  readonly seen: ReadonlyMap<string, number>;
}

export async function run(stage: Stage, options: RunOptions): Promise<RunResult> {
  const { goOn, onFound } = options;
  const seen = new Map<string, number>();
  let held = 0;
  let next = 0;
  let before: readonly Numbered[] = [];
  while (goOn(held)) {
    const group = nextGroup(options, next);
    next = group.at(-1)!.number + 1;
    held += group.length;
    await hold(stage, group);
    for (const finding of await lookAt(stage)) {
      const times = seen.get(finding.signature) ?? 0;
      if (times === 0) {
        // A late line in the log belongs to an earlier conversation.
        const found = (await search(stage, finding, group)) ?? (await search(stage, finding, [...before, ...group]));
        // If a stall does not come again, it was the machine's.
        if (found === undefined && finding.kind === "late") continue;
        onFound({ finding, suspects: found ?? group, reproduced: found !== undefined }, held);
      }
      seen.set(finding.signature, times + 1);
    }
    if (stage.programs.some(({ howItEnded }) => howItEnded !== undefined)) await stage.revive();
    before = group;
  }
  return { held, seen };
}

function nextGroup({ seed, isWanted }: RunOptions, first: number): readonly Numbered[] {
  const group: Numbered[] = [];
  for (let number = first; group.length < GROUP; number += 1) {
    const conversation = drawConversation(seed, number);
    if (isWanted(conversation)) group.push({ number, conversation });
  }
  return group;
}

/** Holds all of them at the same time. */
export async function hold(stage: Stage, group: readonly Numbered[]): Promise<void> {
  await Promise.all(group.map(({ conversation }) => talk(conversation, stage.portOf(conversation))));
}

/**
 * The conversation of `group` that is at fault: each is said again to a new process, which has not even seen its token.
 * Undefined if the fault does not come again, not even when all are said at the same time.
 */
async function search(
  stage: Stage,
  finding: Finding,
  group: readonly Numbered[],
): Promise<readonly Numbered[] | undefined> {
  const suspects = suspectsFirst(stage, finding, group);
  for (let trial = 1; trial <= TRIALS; trial += 1) {
    await renew(stage, finding);
    for (const [index, suspect] of suspects.entries()) {
      if (!(await does(stage, finding, [suspect]))) continue;
      // A conversation that does not cause the fault alone needed those before it.
      return (await doesAlone(stage, finding, suspect)) ? [suspect] : suspects.slice(0, index + 1);
    }
    await renew(stage, finding);
    if (await does(stage, finding, group)) return group;
  }
  return undefined;
}

async function doesAlone(stage: Stage, finding: Finding, suspect: Numbered): Promise<boolean> {
  for (let trial = 1; trial <= ALONE_TRIALS; trial += 1) {
    await renew(stage, finding);
    if (await does(stage, finding, [suspect])) return true;
  }
  return false;
}

/** Conversations with the program at fault before those with other programs. */
function suspectsFirst(stage: Stage, finding: Finding, group: readonly Numbered[]): readonly Numbered[] {
  const isFirst = ({ conversation }: Numbered): boolean => finding.label.includes(stage.programOf(conversation).label);
  return [...group.filter(isFirst), ...group.filter((each) => !isFirst(each))];
}

async function renew(stage: Stage, finding: Finding): Promise<void> {
  // The search for a stall keeps the old processes: a new one is slow at first.
  if (finding.kind !== "late") await stage.programs.find(({ label }) => label === finding.label)?.kill();
  await stage.revive();
}

/** Whether the group causes the fault when all are said at the same time. A stall must come each time. */
export async function does(stage: Stage, finding: Finding, group: readonly Numbered[]): Promise<boolean> {
  const trials = finding.kind === "late" ? STALL_TRIALS : 1;
  for (let trial = 1; trial <= trials; trial += 1) {
    await hold(stage, group);
    const found = await lookAt(stage);
    if (!found.some((each) => isSame(each, finding))) return false;
  }
  return true;
}

/**
 * Whether two findings are of one fault. Only lines of a log differ in kind: an end or a bad answer may be told in many
 * ways.
 */
function isSame(one: Finding, other: Finding): boolean {
  if (one.kind !== other.kind) return false;
  const hasWords = one.kind === "error" || one.kind === "stderr";
  return hasWords ? one.signature === other.signature : one.label === other.label;
}
