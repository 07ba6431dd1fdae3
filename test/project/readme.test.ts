/** README.md and docs/operations.md tell the truth: their commands, pasted after `npm start`, give the answers that they show. */

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { comparable, shownCommands } from "../support/documented.ts";
import { type DocumentedPair, startDocumentedPair } from "../support/documented-pair.ts";
import { grpcurlOrBuf, refusalIn } from "../support/grpcurl.ts";

const project = resolve(import.meta.dirname, "../..");
const README_LINES_MAX = 150;

const readme = await readFile(join(project, "README.md"), "utf8");
const operations = await readFile(join(project, "docs/operations.md"), "utf8");
const shown = [...shownCommands(readme), ...shownCommands(operations)];
/** What sets variables and answers nothing. The other commands need it. */
const preparations = shown.filter(({ answer }) => answer === undefined).map(({ command }) => command);
const commands = shown.flatMap(({ command, answer }) => (answer === undefined ? [] : [{ command, answer }]));

test(`README.md has at most ${README_LINES_MAX} lines`, () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(README_LINES_MAX);
});

describe("the commands", () => {
  let pair: DocumentedPair;

  beforeAll(async () => {
    pair = await startDocumentedPair();
  });

  afterAll(() => pair.stop());

  test("list, book and are refused, by one program", () => {
    const calls = shownCommands(readme).flatMap(
      ({ command }) => /^grpcurl .* booking\.v1\.(\S+)/m.exec(command)?.[1] ?? [],
    );
    expect(calls).toEqual([
      "BookingService/ListOpenSlots",
      "BookingService/CreateBooking",
      "BookingService/CreateBooking",
    ]);
  });

  // In their order: the one that is refused needs what the one before it has booked.
  test.each(commands)("$command", async ({ command, answer }) => {
    const script = [...preparations, command].map((line) => pair.here(grpcurlOrBuf(line))).join("\n");
    const printed = await outputOf(script);
    if (answer.startsWith("ERROR:")) expect(refusalIn(printed)).toEqual(refusalIn(answer));
    else expect(comparable(printed)).toEqual(comparable(answer));
  });
});

/** What a shell prints, on both outputs as a terminal shows them. A call that is refused may end with another code than 0. */
async function outputOf(script: string): Promise<string> {
  return new Promise((done) => {
    execFile("sh", ["-c", `exec 2>&1\n${script}`], { cwd: project }, (_error, printed) => {
      // npm remarks on settings of the machine.
      done(printed.replaceAll(/^npm warn .*\n/gm, ""));
    });
  });
}
