/** docs/api.md tells the truth: its commands, pasted from top to bottom after `npm start`, give the answers that it shows. */

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayVariables } from "../../services/gateway/config.ts";
import { contractOf } from "../../services/gateway/contract/contract.ts";
import { openShell, type Shell } from "../gateway/shell.ts";
import { comparable, shownCommands } from "../support/documented.ts";
import { type DocumentedPair, startDocumentedPair } from "../support/documented-pair.ts";
import { grpcurlOrBuf } from "../support/grpcurl.ts";

const project = resolve(import.meta.dirname, "../..");

const page = await readFile(join(project, "docs/api.md"), "utf8");
const shown = shownCommands(page);
/** Each with the answer that comes next: programs that do the same stand one after the other, before their one answer. */
const commands = shown.map(({ command }, index) => ({
  command,
  answer: shown.slice(index).find(({ answer }) => answer !== undefined)?.answer ?? "",
  isCall: /^(?:grpcurl|(?:timeout 5 )?npx buf curl|curl) /.test(command),
}));

test("every method is called by each of the three programs", async () => {
  const { types } = contractOf(await readFile(join(project, "services/gateway/contract.binpb")));
  for (const service of types) {
    if (service.kind !== "service") continue;
    for (const { name } of service.methods) {
      const section = page.split(/^### /m).find((text) => text.startsWith(`${name}\n`)) ?? "";
      for (const program of ["grpcurl ", "npx buf curl ", "curl "]) {
        expect(section, `${name} by ${program}`).toMatch(new RegExp(`^(?:timeout 5 )?${program}`, "m"));
      }
    }
  }
});

test("docs/gateways.md has every variable of the gateway, with its default", async () => {
  const rows = [
    ...(await readFile(join(project, "docs/gateways.md"), "utf8")).matchAll(/^\| `([A-Z_]+)` +\| (\S+) /gm),
  ];
  const told = rows.map(([, name, standard = ""]) => [name, standard.replaceAll("`", "")]);
  const known = Object.entries(gatewayVariables.shape).map(([name, setting]) => {
    const standard = String(setting.parse(undefined) ?? "");
    return [name, standard === "" ? "unset" : standard];
  });
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
});

describe("the commands", () => {
  let pair: DocumentedPair;
  let shell: Shell;
  // What npx would find, in a tenth of the time.
  const asHere = (command: string): string =>
    pair.here(grpcurlOrBuf(command)).replace("npx buf ", "node_modules/.bin/buf ");

  beforeAll(async () => {
    pair = await startDocumentedPair();
    shell = openShell(project, pair.environment);
  });

  afterAll(async () => {
    await shell.close();
    await pair.stop();
  });

  // In their order, and in one shell: each needs what those before it have made.
  test.each(commands)("$command", async ({ command, answer, isCall }) => {
    const printed = await shell.run(asHere(command));
    if (isCall) expect(said(printed)).toEqual(said(answer));
    else expect(printed).toBe("");
  });
});

/** What an answer says: one JSON value, or several one after another, or text. */
function said(answer: string): unknown {
  const text = answer
    .replaceAll(/"ada-\d+@example.com"/g, '"<email>"')
    // Every call of FenceHost raises it.
    .replaceAll(/("generation": ?)"\d+"/g, '$1"<generation>"');
  // Messages of a stream, each on a line or each indented.
  const messages = text.trim().split(/\n(?=\{)/);
  return messages.length > 1 ? messages.map(comparable) : comparable(text);
}
