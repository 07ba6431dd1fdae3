/** Groups of conversations, one group after the other; after each, a look at the programs; and the search for who did it. */

import { availableParallelism } from "node:os";
import type { Conversation } from "./conversation.ts";
import { type Finding, lookAt } from "./findings.ts";
import { drawConversation } from "./generate.ts";
import type { Stage } from "./stage.ts";
import { talk } from "./talk.ts";

/** Conversations that are held at once. They mostly wait. */
const GROUP = 16 * Math.min(2, availableParallelism());
/** How often all suspects are tried: some faults are races. */
const TRIALS = 2;
/** How often one who has just done it is tried alone. */
const ALONE_TRIALS = 3;
/** A stall must come each time that the same is said, or it was the machine's. */
const STALL_TRIALS = 3;

export interface Numbered {
  readonly number: number;
  readonly conversation: Conversation;
}

export interface Found {
  readonly finding: Finding;
  /** The one that did it, where that was found out; otherwise those among which it is. */
  readonly suspects: readonly Numbered[];
  readonly reproduced: boolean;
}

export interface RunOptions {
  readonly seed: number;
  /** Conversations that are not wanted are passed over: the others keep their numbers. */
  readonly isWanted: (conversation: Conversation) => boolean;
  /** Whether to go on after so many conversations. */
  readonly goOn: (held: number) => boolean;
  /** Told at once, and once for each fault. */
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
        // What is logged late was done by one of those before.
        const found = (await search(stage, finding, group)) ?? (await search(stage, finding, [...before, ...group]));
        // A stall that does not come again was the machine's.
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

/** All of them at the same time. */
export async function hold(stage: Stage, group: readonly Numbered[]): Promise<void> {
  await Promise.all(group.map(({ conversation }) => talk(conversation, stage.portOf(conversation))));
}

/**
 * Who of `group` did it: each in turn says the same again to a process that has seen nothing yet, no token of theirs either.
 * Undefined if it comes no more, not even when all speak at the same time.
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
      // Who cannot do it alone had help from those before.
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

/** Those who spoke to the program that is at fault before those who spoke to others. */
function suspectsFirst(stage: Stage, finding: Finding, group: readonly Numbered[]): readonly Numbered[] {
  const isFirst = ({ conversation }: Numbered): boolean => finding.label.includes(stage.programOf(conversation).label);
  return [...group.filter(isFirst), ...group.filter((each) => !isFirst(each))];
}

async function renew(stage: Stage, finding: Finding): Promise<void> {
  // A stall is looked for where everything is warm: a new process is slow.
  if (finding.kind !== "late") await stage.programs.find(({ label }) => label === finding.label)?.kill();
  await stage.revive();
}

/** Whether all of the group, at the same time, do it. A stall must come each time. */
export async function does(stage: Stage, finding: Finding, group: readonly Numbered[]): Promise<boolean> {
  const trials = finding.kind === "late" ? STALL_TRIALS : 1;
  for (let trial = 1; trial <= trials; trial += 1) {
    await hold(stage, group);
    const found = await lookAt(stage);
    if (!found.some((each) => isSame(each, finding))) return false;
  }
  return true;
}

/** A process that ends may say why in several ways, and a port that is unwell too. What is in a log is one fault or another. */
function isSame(one: Finding, other: Finding): boolean {
  if (one.kind !== other.kind) return false;
  const hasWords = one.kind === "error" || one.kind === "stderr";
  return hasWords ? one.signature === other.signature : one.label === other.label;
}
