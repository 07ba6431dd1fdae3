/** All replicas are replaced, one by one, under load: no call fails, though no client sends one again. */

import { env } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS } from "../../shared/time-units.ts";
import { connectClients } from "../support/clients.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { START_MAX_MS, waitUntil } from "../support/waits.ts";
import {
  type At,
  type Caller,
  type Deeds,
  deedsBy,
  deedsThrough,
  OPEN_DAYS,
  startCaller,
  type Whom,
} from "./callers.ts";
import { connectDoor, grpcDoor, urlOf } from "./doors.ts";
import { gatewayClient } from "./gateway-door.ts";
import { readySubchannels } from "./subchannels.ts";
import { type RollingStage, startRollingStage } from "./stage.ts";
import { connectStream, gatewayStream, grpcStream, startWatcher, type Stream, type Watcher } from "./watchers.ts";

/** How often each replica is replaced. */
const RUNS = Number(env["ROLLING_RUNS"] ?? 1);
const RUN_MAX_MS = 240_000;

let stage: RollingStage;

beforeAll(async () => {
  stage = await startRollingStage();
});
afterAll(async () => stage.stop());

test(
  "no call fails while every replica is replaced, and no watch misses a change",
  async () => {
    const { balancers } = stage;
    const { availability, booking, gateway } = balancers;
    const clients = connectClients(urlOf(availability.port), urlOf(booking.port), tokenSource(admin));
    const guestId = await createGuest(clients);
    const hostOf = async (): Promise<string> => {
      const hostId = await createHost(clients);
      await openTime(clients, hostId, { start: tomorrow(0), end: tomorrow(0) + OPEN_DAYS * DAY_MS });
      return hostId;
    };
    const [ending, leaving] = [new AbortController(), new AbortController()];
    const callers: Caller[] = [];
    const begin = async (name: string, deedsOf: (whom: Whom) => Deeds, at: At = "both"): Promise<string> => {
      const hostId = await hostOf();
      callers.push(startCaller(name, deedsOf({ hostId, guestId }), at, ending.signal));
      return hostId;
    };
    const watchers: Watcher[] = [];
    const watch = (hostId: string, stream: Stream): void => {
      watchers.push(startWatcher(callers.at(-1)!, stream, hostId, leaving.signal));
    };
    const [pickFirst, roundRobin] = [grpcDoor(stage, "pick_first"), grpcDoor(stage, "round_robin")];
    const web = [0, 1, 2].map(() => gatewayClient(gateway.port));
    watch(await begin("gateway", (whom) => deedsThrough(web[0]!, whom)), gatewayStream(web[1]!));
    await begin("gateway again", (whom) => deedsThrough(web[2]!, whom));
    watch(await begin("gRPC, pick_first", (whom) => deedsBy(pickFirst, whom)), grpcStream(pickFirst.channels[1]!));
    await begin("gRPC, round_robin", (whom) => deedsBy(roundRobin, whom));
    const http2 = connectDoor(stage, "2");
    watch(await begin("Connect, HTTP/2", (whom) => deedsBy(http2, whom)), connectStream(booking.port));
    // A connection of HTTP/1.1 that is hardly used may be closed at the moment in which it is used again, which nothing can help.
    const http1 = connectDoor(stage, "1.1");
    for (const at of ["availability", "booking"] as const) {
      await begin("Connect, HTTP/1.1", (whom) => deedsBy(http1, whom), at);
    }
    for (let run = 0; run < RUNS; run += 1) {
      for (const place of stage.places) {
        await place.stop();
        await place.start();
        // As an orchestrator waits until a replica has been ready for a while: its clients must have found it.
        await waitUntil(async () => (await readySubchannels(roundRobin.channels)) === 4, START_MAX_MS);
      }
    }
    ending.abort();
    await Promise.all(callers.map(({ ended }) => ended));
    const calls = callers.reduce((sum, caller) => sum + caller.calls(), 0);
    expect([...callers, ...watchers].flatMap(({ failures }) => failures)).toEqual([]);
    expect(calls).toBeGreaterThan(0);
    for (const { of, sequences, again } of watchers) {
      await waitUntil(() => sequences.length >= of.changes());
      expect(sequences).toEqual(Array.from({ length: of.changes() }, (_, at) => at + 1));
      expect(again()).toBeGreaterThan(0);
    }
    leaving.abort();
    for (const each of [pickFirst, roundRobin, http1, http2, ...web]) each.close();
  },
  RUNS * RUN_MAX_MS,
);
