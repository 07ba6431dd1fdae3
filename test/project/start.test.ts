/** `npm start` in a fresh clone of the project. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseEnv, promisify } from "node:util";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { portVariables } from "../../services/dev/config.ts";
import { assertPortFree, freePort } from "../../services/dev/machine/ports.ts";
import { databaseAccount } from "../../services/dev/postgres/account.ts";
import { assertRunnable } from "../../services/dev/postgres/binaries.ts";
import { deletePostgres } from "../../services/dev/postgres/start.ts";
import { keepLog } from "../support/logs.ts";
import { START_MAX_MS, waitFor } from "../support/waits.ts";

const project = resolve(import.meta.dirname, "../..");

let environment: Record<string, string>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotwright-start-"));
  // The account that PostgreSQL runs as must get in.
  await chmod(folder, 0o755);
  environment = { DEV_FOLDER: folder };
  for (const variable of portVariables) environment[variable] = String(await freePort());
});
/** Those of the test at hand, so that one that fails leaves nothing to the next. */
const running: Started[] = [];
afterEach(async () => {
  for (const started of running.splice(0)) {
    started.signal("SIGTERM");
    await started.exited;
  }
});
afterAll(async () => {
  await deletePostgres(join(folder, "postgres"));
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  /** All that it has printed so far. */
  readonly printed: () => string;
  readonly ready: () => Promise<void>;
  /** Its exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  readonly signal: (name: NodeJS.Signals) => void;
}

function start(more: Record<string, string> = {}, ...args: string[]): Started {
  const child = spawn(process.execPath, [join(project, "services/dev/main.ts"), ...args], {
    env: { ...process.env, ...environment, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  keepLog(child);
  let printed = "";
  const collect = (piece: unknown): void => {
    printed += String(piece);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const exited = once(child, "close").then(() => child.exitCode);
  const started: Started = {
    printed: () => printed,
    ready: () => waitFor(() => expect(printed).toContain("Ctrl-C stops all of it."), START_MAX_MS),
    exited,
    signal: (name) => child.kill(name),
  };
  running.push(started);
  return started;
}

/** Resolves when neither a service nor a database is left. */
async function nothingLeft(): Promise<void> {
  const check = async (): Promise<void> => {
    for (const variable of portVariables) await assertPortFree("127.0.0.1", Number(environment[variable]), variable);
    expect(existsSync(join(folder, "postgres/postmaster.pid"))).toBe(false);
  };
  await waitFor(check, START_MAX_MS);
}

/** The commands of the guide, by the program that they run. */
function commands(printed: string): Record<string, string> {
  const lines = printed
    .split("\n")
    .flatMap((line) => /^ {2}((grpcurl|npx buf|curl) .*)$/.exec(line)?.slice(1, 3) ?? []);
  return Object.fromEntries(
    Array.from({ length: lines.length / 2 }, (_, index) => [lines[2 * index + 1] ?? "", lines[2 * index] ?? ""]),
  );
}

/** A command that calls a method about users as the administrator of `npm start`. */
function asAdmin(method: string, request: object): string {
  const url = `http://127.0.0.1:${environment["AVAILABILITY_CONNECT_PORT"]}/availability.v1.UserService/${method}`;
  const headers = `-H "Authorization: Bearer $(cat ${folder}/admin.token)" -H 'Content-Type: application/json'`;
  return `curl -sS ${headers} -d '${JSON.stringify(request)}' ${url}`;
}

async function shell(command: string | undefined): Promise<string> {
  const { stdout } = await promisify(execFile)("sh", ["-c", command ?? "false"], {
    cwd: project,
    env: { ...process.env, ...environment },
  });
  return stdout;
}

describe("the pair", () => {
  test("is ready, its commands work, and Ctrl-C leaves nothing running", async () => {
    const started = start();
    await started.ready();
    const guide = commands(started.printed());
    expect(Object.keys(guide)).toEqual(["grpcurl", "npx buf", "curl"]);
    expect(await shell(guide["npx buf"])).toContain('"state": "BOOKING_STATE_CONFIRMED"');
    expect(await shell(guide["curl"])).toContain('"state":"BOOKING_STATE_CONFIRMED"');
    // grpcurl is seldom installed; buf understands the same address and the same body.
    expect(await shell(asBufCurl(guide["grpcurl"] ?? ""))).toContain('"startTime"');

    for (const secret of ["host.token", "guest.token", "admin.token", "databases.env"]) {
      expect((await stat(join(folder, secret))).mode & 0o777, secret).toBe(0o600);
    }
    // The superuser's password is in that file and nowhere else: not on the screen, nor where every account can read it.
    const password = await readFile(join(folder, "postgres.password"), "utf8");
    expect(await readFile(join(folder, "databases.env"), "utf8")).toContain(password);
    expect(started.printed()).toMatch(/PostgreSQL {4}postgres:\/\/postgres@127\.0\.0\.1:\d+\/booking, password in/);
    expect(started.printed()).not.toContain(password);
    expect(await shell("ps -eo args")).not.toContain(password);

    // Host and guest are known by what an identity provider calls them. A sample of an older version has no such names.
    for (const who of ["host", "guest"]) {
      expect(decodeJwt(await readFile(join(folder, `${who}.token`), "utf8")).sub).toBe(`sample-${who}`);
    }
    expect(await shell(asAdmin("LookupUser", { externalId: "sample-guest" }))).toContain('"Sample Guest"');
    const { GUEST_ID: userId } = parseEnv(await readFile(join(folder, "sample.env"), "utf8"));
    expect(await shell(asAdmin("UpdateUser", { userId, updateMask: "externalId" }))).not.toContain("sample-guest");

    // Any other identity is one command away, and a caller without one is refused.
    const minted = await shell(`npm run --silent token -- --role ADMIN --sub me --audience booking --minutes 1`);
    const list = guide["curl"]!.replace(/\$\(cat [^)]*\)/, minted.trim());
    expect(await shell(list)).toContain('"state":"BOOKING_STATE_CONFIRMED"');
    expect(await shell(guide["curl"]!.replace(/-H "Authorization[^"]*"/, ""))).toContain('"unauthenticated"');
    expect(await shell("npm run --silent token -- --help")).toContain("--role USER --sub sample-guest");

    started.signal("SIGINT");
    expect(await started.exited).toBe(0);
    await nothingLeft();
  });

  test("has its data again at the next start, and leaves nothing running after kill -9", async () => {
    const started = start();
    await started.ready();
    expect(await shell(commands(started.printed())["curl"])).toContain('"state":"BOOKING_STATE_CONFIRMED"');
    expect(await shell(asAdmin("LookupUser", { externalId: "sample-guest" }))).toContain('"Sample Guest"');

    started.signal("SIGKILL");
    await started.exited;
    await nothingLeft();
  });

  test("begins again with --fresh", async () => {
    const started = start({}, "--fresh");
    await started.ready();
    expect(await shell(commands(started.printed())["curl"])).not.toContain('"state"');
    started.signal("SIGTERM");
    expect(await started.exited).toBe(0);
    await nothingLeft();
  });

  test("stops as a whole when one service dies, and says which", async () => {
    const started = start();
    await started.ready();
    process.kill(Number(/booking +process (\d+)/.exec(started.printed())?.[1]), "SIGKILL");
    expect(await started.exited).toBe(1);
    expect(started.printed()).toContain("npm start: booking ended (signal SIGKILL): all is stopped\n");
    await nothingLeft();
  });
});

describe("what is in the way is said in one line", () => {
  test("a port that is taken", async () => {
    const taken = createServer();
    taken.listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const started = start({ BOOKING_GRPC_PORT: port });
    expect(await started.exited).toBe(1);
    expect(started.printed()).toBe(
      `npm start: port ${port} on 127.0.0.1 cannot be used (EADDRINUSE): set BOOKING_GRPC_PORT to another port\n`,
    );
    taken.close();
  });

  test("a database that is out of reach", async () => {
    const nobody = await freePort();
    const started = start({ BOOKING_DATABASE_URL: `postgres://me:secret@127.0.0.1:${nobody}/booking` });
    expect(await started.exited).toBe(1);
    expect(started.printed()).toBe(
      `npm start: the database of BOOKING_DATABASE_URL cannot be used: connect ECONNREFUSED 127.0.0.1:${nobody}\n`,
    );
    await nothingLeft();
  });

  test("a setting that makes no sense", async () => {
    const started = start({ BOOKING_GRPC_PORT: "lots" });
    expect(await started.exited).toBe(1);
    expect(started.printed()).toMatch(/^npm start: wrong settings: BOOKING_GRPC_PORT must be [^\n]+\n$/);
  });

  test("a folder that the account of PostgreSQL cannot enter", async () => {
    const closed = await mkdtemp(join(tmpdir(), "slotwright-closed-"));
    const program = join(closed, "postgres");
    await copyFile("/bin/sh", program);
    await chmod(closed, 0);
    await expect(assertRunnable(program, await databaseAccount())).rejects.toThrow(/cannot run .*: move the checkout/);
    await chmod(closed, 0o700);
    await rm(closed, { recursive: true });
  });
});

function asBufCurl(grpcurl: string): string {
  const [, header = "", body = "", address = "", method = ""] =
    /^grpcurl -plaintext (-H ".*") -d ('.*') (\S+) (\S+)$/.exec(grpcurl) ?? [];
  return `npx buf curl --protocol grpc --http2-prior-knowledge ${header} -d ${body} http://${address}/${method}`;
}
