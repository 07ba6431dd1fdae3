/** README.md tells the truth: its commands, pasted after `npm start`, give the answers that it shows. */

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { availabilityVariables } from "../services/availability/config.ts";
import { bookingVariables } from "../services/booking/config.ts";
import { freePort } from "../services/dev/ports.ts";
import { deletePostgres } from "../services/dev/postgres/start.ts";
import { comparable, linkedFiles, shownCommands } from "./support/documented.ts";

const project = resolve(import.meta.dirname, "..");
const START_MAX_MS = 30_000;
const COMMAND_MAX_MS = 20_000;

/** The ports that README.md names, and the settings by which others take their place. */
const ports = {
  AVAILABILITY_GRPC_PORT: "50051",
  AVAILABILITY_CONNECT_PORT: "8081",
  BOOKING_GRPC_PORT: "50052",
  BOOKING_CONNECT_PORT: "8082",
  GATEWAY_PORT: "8080",
} as const;

const readme = await readFile(join(project, "README.md"), "utf8");
const shown = shownCommands(readme);
/** What sets variables and answers nothing. The other commands need it. */
const preparations = shown.filter(({ answer }) => answer === undefined).map(({ command }) => command);
const commands = shown.flatMap(({ command, answer }) => (answer === undefined ? [] : [{ command, answer }]));

describe("the commands", () => {
  let folder: string;
  let started: ChildProcess;
  let asHere: (command: string) => string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "slotwright-readme-"));
    // The account that PostgreSQL runs as must get in.
    await chmod(folder, 0o755);
    const environment: Record<string, string> = { DEV_FOLDER: folder };
    for (const name of Object.keys(ports)) environment[name] = String(await freePort());
    asHere = (command) => onOtherPorts(asBufCurl(command), environment).replaceAll(".dev/", `${folder}/`);
    started = spawn(process.execPath, [join(project, "services/dev/main.ts")], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    started.stdout?.on("data", (piece) => (printed += String(piece)));
    const ready = (): boolean => printed.includes("Ctrl-C stops all of it.");
    await vi.waitUntil(ready, { timeout: START_MAX_MS });
  }, START_MAX_MS);

  afterAll(async () => {
    const ended = once(started, "exit");
    started.kill("SIGINT");
    await ended;
    await deletePostgres(join(folder, "postgres"));
    await rm(folder, { recursive: true, force: true });
  });

  test("are three or more for each program", () => {
    for (const program of ["grpcurl ", "npx buf curl ", "curl "]) {
      expect(commands.filter(({ command }) => command.startsWith(program)).length).toBeGreaterThanOrEqual(3);
    }
  });

  // In their order: those that show a refusal need what those before them have booked.
  test.each(commands)("$command", { timeout: COMMAND_MAX_MS }, async ({ command, answer }) => {
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

function onOtherPorts(command: string, environment: Readonly<Record<string, string>>): string {
  return Object.entries(ports).reduce(
    (text, [name, port]) => text.replaceAll(`localhost:${port}`, `localhost:${environment[name]}`),
    command,
  );
}
