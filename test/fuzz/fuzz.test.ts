/**
 * A few thousand conversations that no good client would hold, with both services and the gateway as processes of their
 * own. No process ends, stalls, grows or logs an error. `npm run fuzz` goes on for as long as the developer likes.
 */

import { randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import { lookAt } from "./findings.ts";
import { reportOf } from "./report.ts";
import { run } from "./run.ts";
import { setStage, type Stage } from "./stage.ts";

/** The same in each run, so that a fault it has found once stays found ... */
const KNOWN_SEED = 10;
/** ... and a new one in each run. */
const FRESH_SEED = randomInt(2 ** 32);
const CONVERSATIONS = 1200;
/** A machine that is too busy for them holds fewer: each stall that only it is to blame for is looked into, which takes minutes. */
const BEGIN_WITHIN_MS = 240_000;
/** Long enough to stand out on a machine on which every process waits for a second. */
const STALL_MS = 6000;

const scope = new AsyncDisposableStack();
let stage: Stage;

beforeAll(async () => {
  const [availability, booking] = [await createDatabase("availability"), await createDatabase("booking")];
  scope.defer(async () => void (await Promise.all([availability.drop(), booking.drop()])));
  const databases = { availability: availability.url, booking: booking.url };
  stage = await setStage(scope, { databases, logFolder: inject("logFolder"), tls: true });
}, 240_000);

afterAll(() => scope.disposeAsync(), 60_000);

test.each([KNOWN_SEED, FRESH_SEED])(
  "no conversation ends or stalls a process: seed %i",
  { timeout: 900_000 },
  async (seed) => {
    const reports: string[] = [];
    const last = Date.now() + BEGIN_WITHIN_MS;
    const { held } = await run(stage, {
      seed,
      isWanted: ({ tls }) => tls === undefined || stage.tls,
      goOn: (so) => so < CONVERSATIONS && Date.now() < last,
      onFound: (found, so) => reports.push(reportOf(found, seed, so)),
    });
    expect(reports.join("\n")).toBe("");
    expect(held).toBeGreaterThan(0);
    if (held < CONVERSATIONS)
      process.stderr.write(`*** ${held} of ${CONVERSATIONS} conversations: the machine is busy ***\n`);
  },
);

test("the run notices a process that has ended, and starts it again", { timeout: 240_000 }, async () => {
  const [first] = stage.programs;
  await first!.kill();
  expect(await lookAt(stage)).toMatchObject([{ kind: "ended", label: first!.label }]);
  await stage.revive();
  expect((await lookAt(stage)).filter(({ kind }) => kind !== "late")).toEqual([]);
});

test("the run notices a process that stalls, on a busy machine too", { timeout: 240_000 }, async () => {
  const [first] = stage.programs;
  const kindsOfStalled = async (): Promise<string[]> => {
    process.kill(first!.pid, "SIGSTOP");
    setTimeout(() => process.kill(first!.pid, "SIGCONT"), STALL_MS);
    const found = await lookAt(stage);
    return found.filter(({ label }) => label.startsWith(first!.label)).map(({ kind }) => kind);
  };
  await expect.poll(kindsOfStalled, { timeout: 200_000, interval: 500 }).toContain("late");
});
