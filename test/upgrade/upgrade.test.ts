/** From the release before to this code, back and forth again, under load: docs/operations.md, Upgrade. */

import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stderr } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS } from "../../shared/time-units.ts";
import { type Caller, OPEN_DAYS, type Whom } from "../rolling/callers.ts";
import { grpcDoor, type Unary, urlOf } from "../rolling/doors.ts";
import { gatewayClient } from "../rolling/gateway-door.ts";
import { type Place, type RollingStage, startRollingStage } from "../rolling/stage.ts";
import { gatewayStream, grpcStream, startWatcher } from "../rolling/watchers.ts";
import { connectClients } from "../support/clients.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { createDatabase } from "../support/postgres.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { START_MAX_MS, waitUntil } from "../support/waits.ts";
import { startCaller } from "./callers.ts";
import { unaryThrough } from "./gateway-unary.ts";
import { outputOf } from "./programs.ts";
import { RELEASE } from "./release.ts";
import { answersAgain, type Remembered, rememberRequests } from "./remembered.ts";
import { checkOut, copyWithExamples, isInClone, PROJECT } from "./trees.ts";

const MAX_MS = 600_000;
/** Who is asked before who asks: why is said in docs/operations.md. */
const ORDER: readonly (readonly Place["kind"][])[] = [["booking"], ["availability"], ["gateway"]];

let folder: string;
let stage: RollingStage | undefined;
const hasRelease = isInClone(RELEASE.commit);
if (!hasRelease) saySkipped(`this clone lacks its commit ${RELEASE.commit} (git fetch --unshallow)`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotwright-upgrade-"));
});
afterAll(async () => {
  await stage?.stop();
  await rm(folder, { recursive: true });
});

test.skipIf(!hasRelease)("breaks no contract of the release before", async () => {
  const contracts = join(folder, "released.binpb");
  const shown = spawnSync("git", ["show", `${RELEASE.commit}:proto/released.binpb`], {
    cwd: PROJECT,
    maxBuffer: 2 ** 26,
  });
  await writeFile(contracts, shown.stdout);
  const {
    status,
    stdout,
    stderr: said,
  } = spawnSync(join(PROJECT, "node_modules/.bin/buf"), ["breaking", "proto", "--against", contracts], {
    cwd: PROJECT,
  });
  expect(`${String(stdout)}${String(said)}`).toBe("");
  expect(status).toBe(0);
});

test.skipIf(!hasRelease)(
  "no call fails from the release before to this code, back, and forth again",
  async ({ skip }) => {
    const trees = { before: join(folder, "before"), now: join(folder, "now") };
    await checkOut(RELEASE.commit, trees.before).catch((error: unknown) => {
      saySkipped(`its packages cannot be installed: ${String(error)}`);
      skip();
    });
    const examples = await copyWithExamples(trees.now);
    const databases = { availability: await createDatabase("empty"), booking: await createDatabase("empty") };
    await outputOf("migrate", trees.before, databases);
    stage = await startRollingStage({ tree: trees.before, databases });
    const { places, balancers } = stage;
    for (const place of places) expect(place.program()).toContain(trees.before);

    const clients = connectClients(
      urlOf(balancers.availability.port),
      urlOf(balancers.booking.port),
      tokenSource(admin),
    );
    const guestId = await createGuest(clients);
    const personOf = async (): Promise<Whom> => {
      const hostId = await createHost(clients);
      await openTime(clients, hostId, { start: tomorrow(0), end: tomorrow(0) + OPEN_DAYS * DAY_MS });
      return { hostId, guestId };
    };
    const grpc = grpcDoor(stage, "pick_first");
    const web = [gatewayClient(balancers.gateway.port), gatewayClient(balancers.gateway.port)] as const;
    const doors: Record<string, Unary> = { gRPC: grpc.unary, gateway: unaryThrough(web[0]) };
    const [ending, leaving] = [new AbortController(), new AbortController()];
    const callers: Caller[] = [];
    const whoms: Whom[] = [];
    for (const [name, unary] of Object.entries(doors)) {
      const whom = await personOf();
      whoms.push(whom);
      callers.push(startCaller(name, unary, whom, ending.signal));
    }
    const watchers = [
      startWatcher(callers[0]!, grpcStream(grpc.channels[1]!), whoms[0]!.hostId, leaving.signal),
      startWatcher(callers[1]!, gatewayStream(web[1]), whoms[1]!.hostId, leaving.signal),
    ];

    /** Until every caller has made some calls more. */
    const underLoad = async (): Promise<void> => {
      const before = callers.map(({ calls }) => calls());
      await waitUntil(() => callers.every(({ calls }, at) => calls() > before[at]! + 10), START_MAX_MS);
    };
    /** Replaces the replicas of one service after the other; those of a group at once, one of each. */
    const replace = async (groups: readonly (readonly Place["kind"][])[], tree: string): Promise<void> => {
      for (const group of groups) {
        for (const at of [0, 1]) {
          const chosen = group.map((kind) => places.filter((place) => place.kind === kind)[at]!);
          await Promise.all(chosen.map((place) => place.stop().then(() => place.start(tree))));
          for (const place of chosen) expect(place.program()).toContain(tree);
          await underLoad();
        }
      }
    };
    const other = await personOf();
    const remembered: Remembered[] = [];
    const remember = async (day: number): Promise<void> => {
      for (const [at, unary] of Object.values(doors).entries()) {
        remembered.push(...(await rememberRequests(unary, other, day + at)));
      }
    };
    const assertRemembered = async (): Promise<void> => {
      for (const unary of Object.values(doors)) {
        expect(await answersAgain(unary, remembered)).toEqual(remembered.map(({ answer }) => answer));
      }
    };

    await remember(10);
    await underLoad();
    const ran = await outputOf("migrate", trees.now, databases);
    for (const name of [...examples.availability, ...examples.booking]) expect(ran).toContain(name);
    await assertRemembered();
    await replace(ORDER, trees.now);
    await assertRemembered();
    await remember(20);
    await replace(ORDER.toReversed(), trees.before);
    await assertRemembered();
    await remember(30);
    expect(await outputOf("migrate", trees.before, databases)).toBe("availability: up to date\nbooking: up to date\n");
    await replace([ORDER.flat()], trees.now);
    await assertRemembered();

    ending.abort();
    await Promise.all(callers.map(({ ended }) => ended));
    expect([...callers, ...watchers].flatMap(({ failures }) => failures)).toEqual([]);
    for (const { of, sequences } of watchers) {
      await waitUntil(() => sequences.length >= of.changes());
      expect(sequences).toEqual(Array.from({ length: of.changes() }, (_, at) => at + 1));
    }
    for (const tree of Object.values(trees)) {
      expect(await outputOf("audit", tree, databases)).toBe("audit: no violation found\n");
    }
    leaving.abort();
    for (const each of [grpc, ...web]) each.close();
  },
  MAX_MS,
);

function saySkipped(why: string): void {
  stderr.write(`\n*** The upgrade from ${RELEASE.version} is not tested (skipped): ${why}. ***\n\n`);
}
