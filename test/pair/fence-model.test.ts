/** The Spin model of the fence holds, and does not hold without any one of the things that the fence is made of. */

import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { programPath, saySkipped } from "../support/installed.ts";

const run = promisify(execFile);
const model = resolve(import.meta.dirname, "../../docs/fence.pml");

/** For the largest run on a machine that is busy. */
const TIMEOUT_MS = 600_000;
const MEMORY_MAX_MB = 2000;

const missing = ["spin", "gcc"].filter((program) => programPath(program) === undefined);
saySkipped(missing, "the model of the fence is not checked");

/** What Spin says of the model: the violation that it found first, or that there is none. */
async function verdict(...defined: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slotwright-spin-"));
  try {
    await copyFile(model, join(folder, "fence.pml"));
    const options = { cwd: folder, maxBuffer: 1 << 24 };
    await run("spin", ["-a", ...defined.map((name) => `-D${name}`), "fence.pml"], options);
    await run("gcc", ["-w", "-DSAFETY", "-DCOLLAPSE", `-DMEMLIM=${MEMORY_MAX_MB}`, "-o", "pan", "pan.c"], options);
    const { stdout } = await run(join(folder, "pan"), ["-m100000"], options);
    // A search that was cut short proves nothing.
    if (/out of memory|max search depth too small|Search not completed/.test(stdout) && !stdout.includes("pan:1:")) {
      return `not completed: ${stdout}`;
    }
    const violation = /pan:1: (assertion violated|invalid end state)/.exec(stdout)?.[1];
    return violation ?? (stdout.includes("errors: 0") ? "holds" : stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const ONE_EACH = ["BOOKERS=1", "REMOVERS=1"];
const TWO_REMOVERS = ["BOOKERS=1", "REMOVERS=2", "WHOLE"];

describe.skipIf(missing.length > 0)("the model of the fence", () => {
  test.each([
    { defined: [...ONE_EACH, "QUIET"] },
    { defined: [...ONE_EACH, "QUIET", "CRASH_AVAILABILITY"] },
    { defined: [...ONE_EACH, "QUIET", "CRASH_BOOKING"] },
    { defined: ["BOOKERS=2", "REMOVERS=1", "DELIVERIES=2", "WHOLE"] },
    { defined: TWO_REMOVERS },
    { defined: [...TWO_REMOVERS, "NO_DEADLINES"] },
  ])("holds with $defined", { timeout: TIMEOUT_MS }, async ({ defined }) => {
    expect(await verdict(...defined)).toBe("holds");
  });

  test.each([
    "NO_COMPARISON",
    "NOTE_AFTER_ASK",
    "NO_SHARED_LOCK",
    "SNAPSHOT_BEFORE_LOCK",
    "STALE_READ",
    "FENCE_BEFORE_LOCK",
    "FENCE_AFTER_COMMIT",
    "NO_BOOKING_LOCK",
    "FENCE_RAISES_NOTHING",
    "UNCOMPARED_PATH",
  ])("books what is not open with %s", { timeout: TIMEOUT_MS }, async (mutation) => {
    expect(await verdict(...ONE_EACH, mutation)).toBe("assertion violated");
  });

  test("books what is not open if a failover loses what was committed last", { timeout: TIMEOUT_MS }, async () => {
    expect(await verdict(...ONE_EACH, "WHOLE", "CRASH_BOOKING", "LOST_TAIL")).toBe("assertion violated");
  });

  test("stands still for ever if Availability is asked under Booking's lock", { timeout: TIMEOUT_MS }, async () => {
    expect(await verdict(...TWO_REMOVERS, "NO_DEADLINES", "ASK_UNDER_LOCK")).toBe("invalid end state");
  });
});
