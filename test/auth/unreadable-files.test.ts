/** A service whose files belong to another user, as keys do that somebody else has made, says so in one line and does not start. */

import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { getuid } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const NOBODY = 65_534;
const own = getuid?.();
/** Nothing is unreadable for root: then the service runs as somebody else. */
const runner = own === 0 ? { uid: NOBODY, gid: NOBODY } : {};
const MODE = own === 0 ? 0o600 : 0;

describe("booking", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "slotwright-unreadable-"));
    await chmod(folder, 0o755);
    for (const name of ["booking.jwk", "availability.jwks", "url", "cert.pem"]) {
      await writeFile(join(folder, name), '{ "keys": [] }');
    }
  });
  afterAll(async () => rm(folder, { recursive: true }));

  /** What the service writes to stderr. */
  function start(more: Readonly<Record<string, string>> = {}): string {
    const { stderr, status } = spawnSync(
      process.execPath,
      [resolve(import.meta.dirname, "../../services/booking/main.ts")],
      {
        ...runner,
        encoding: "utf8",
        env: {
          DATABASE_URL: "postgres://app@127.0.0.1:1/booking",
          AUTH_JWKS: "https://identity.example/keys",
          AUTH_ISSUER: "https://identity.example",
          AUTH_AUDIENCE: "booking",
          PEER_JWKS: join(folder, "availability.jwks"),
          SERVICE_KEY: join(folder, "booking.jwk"),
          ...more,
        },
      },
    );
    expect(status).toBe(1);
    return stderr;
  }

  function refusal(mode: number): string {
    const [who, owner] = own === 0 ? [NOBODY, 0] : [own, own];
    const bits = mode.toString(8).padStart(4, "0");
    return (
      `this process \\(uid ${who}, gid \\d+\\) may not read it, because it belongs to uid ${owner} and gid \\d+ and has mode ${bits}: ` +
      "give it to the user of the process by chown, or let that user's group read it by chgrp and chmod g\\+r\n$"
    );
  }

  test.each([
    ["booking.jwk", {}, "the key \\S+/booking.jwk cannot be used: "],
    ["availability.jwks", {}, "the key set \\S+/availability.jwks cannot be used: "],
    ["url", { DATABASE_URL: "" }, "wrong settings: DATABASE_URL_FILE must be a file that can be read: "],
  ])("may not read %s", async (name, more, what) => {
    const path = join(folder, name);
    await chmod(path, MODE);
    const printed = start(name === "url" ? { ...more, DATABASE_URL_FILE: path } : more);
    await chmod(path, 0o644);
    expect(printed).toMatch(new RegExp(`^booking cannot start: ${what}${refusal(MODE)}`));
  });

  test("may not enter the folder of its key", async () => {
    const closed = join(folder, "closed");
    await mkdir(closed, { mode: MODE });
    expect(start({ SERVICE_KEY: join(closed, "booking.jwk") })).toMatch(
      /\/booking\.jwk cannot be used: this process \(uid \d+, gid \d+\) may not enter a folder above it: let the user of the process enter by chmod \+x\n$/,
    );
  });
});
