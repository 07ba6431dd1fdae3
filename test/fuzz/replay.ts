/** Conversations that a developer names, by seed and number or as a finding printed them. */

import { readFile } from "node:fs/promises";
import { parseConversation } from "./conversation.ts";
import { drawConversation } from "./generate.ts";
import type { Numbered } from "./run.ts";

/** `SEED/NUMBER`, `SEED/FROM-TO`, a line of JSON, or the path of a file with such lines. */
export async function readReplay(what: string): Promise<readonly Numbered[]> {
  const [, seed, from, to = from] = /^(\d+)\/(\d+)(?:-(\d+))?$/.exec(what) ?? [];
  if (seed !== undefined) {
    const count = Number(to) - Number(from) + 1;
    return Array.from({ length: count }, (_, index) => {
      const number = Number(from) + index;
      return { number, conversation: drawConversation(Number(seed), number) };
    });
  }
  const text = what.trimStart().startsWith("{") ? what : await readFile(what, "utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, number) => ({ number, conversation: parseConversation(line) }));
}
