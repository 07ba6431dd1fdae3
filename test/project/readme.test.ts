/** README.md tells the truth: its commands, pasted after `npm start`, give the answers that it shows. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availabilityVariables } from "../../services/availability/config.ts";
import { bookingVariables } from "../../services/booking/config.ts";
import { comparable, linkedFiles, shownCommands } from "../support/documented.ts";
import { type DocumentedPair, startDocumentedPair } from "../support/documented-pair.ts";

const project = resolve(import.meta.dirname, "../..");

const readme = await readFile(join(project, "README.md"), "utf8");
const shown = shownCommands(readme);
/** What sets variables and answers nothing. The other commands need it. */
const preparations = shown.filter(({ answer }) => answer === undefined).map(({ command }) => command);
const commands = shown.flatMap(({ command, answer }) => (answer === undefined ? [] : [{ command, answer }]));

describe("the commands", () => {
  let pair: DocumentedPair;
  const asHere = (command: string): string => pair.here(asBufCurl(command));

  beforeAll(async () => {
    pair = await startDocumentedPair();
  });

  afterAll(() => pair.stop());

  test("are three or more for each program", () => {
    for (const program of ["grpcurl ", "npx buf curl ", "curl "]) {
      expect(commands.filter(({ command }) => command.startsWith(program)).length).toBeGreaterThanOrEqual(3);
    }
  });

  // In their order: those that show a refusal need what those before them have booked.
  test.each(commands)("$command", async ({ command, answer }) => {
    const script = [...preparations, command].map(asHere).join("\n");
    expect(comparable(await outputOf(script))).toEqual(comparable(answer));
  });
});

test.each(["README.md", "CONTRIBUTING.md", "docs/life-of-a-booking.md"])(
  "the links of %s lead somewhere",
  async (page) => {
    const text = await readFile(join(project, page), "utf8");
    const lost = linkedFiles(text).filter((target) => !existsSync(resolve(project, page, "..", target)));
    expect(lost).toEqual([]);
  },
);

describe("the table of settings", () => {
  test.each([
    ["availability", 0, availabilityVariables],
    ["booking", 1, bookingVariables],
  ] as const)("has every variable of %s, with its default", (_service, column, variables) => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` +\| ([^|]*) \| ([^|]*) \|/gm)];
    const told = rows.map(([, name, ...cells]) => [name, (cells[column] ?? "").replaceAll("`", "").trim()] as const);
    const known = Object.entries(variables.shape).map(([name, setting]) => {
      const standard = setting.safeParse(undefined);
      return [name, standard.success ? String(standard.data ?? "unset") : "required"] as const;
    });
    expect(Object.fromEntries(told.filter(([, standard]) => standard !== ""))).toEqual(Object.fromEntries(known));
  });
});

/** What a shell prints on both outputs. A call that is refused may end with another code than 0. */
async function outputOf(script: string): Promise<string> {
  return new Promise((done) => {
    execFile("sh", ["-c", script], { cwd: project }, (_error, stdout, stderr) => {
      // npm remarks on settings of the machine.
      const remarks = /^npm warn .*\n/gm;
      done(stdout.replaceAll(remarks, "") + stderr.replaceAll(remarks, ""));
    });
  });
}

/** grpcurl is seldom installed; buf understands the same address, header and body, and prints the same JSON. */
function asBufCurl(command: string): string {
  const buf = "npx buf curl --protocol grpc --http2-prior-knowledge";
  return command
    .replace(/^grpcurl -plaintext (\S+) list$/, `${buf} --list-services http://$1`)
    .replace(/^grpcurl -plaintext (.*)-d @ (\S+) (\S+) <</, `${buf} $1-d @- http://$2/$3 <<`);
}
