/**
 * Torments the databases of both services while callers change them: it ends connections, cuts them at any message,
 * delivers a COMMIT late, and restarts the server. Afterwards the databases hold what the callers were told, and no
 * process has ended. `npm run torment` does the same for longer.
 */

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { deletePostgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { serviceNames } from "../../services/ops/services.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { connectClients } from "../support/clients.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { onServer } from "../support/server.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { expectInOrder } from "../support/violations.ts";
import { expectTold, type Histories } from "./history.ts";
import {
  bookTirelessly,
  changeRulesTirelessly,
  OPEN_DAYS,
  openAndCloseTirelessly,
  SLOT_DURATION_MINUTES,
} from "./load.ts";
import { randomOf } from "./random.ts";
import { SLOW_COMMITS, tormentOnce, torments, type Victim } from "./torments.ts";

const minutes = Number(env["TORMENT_MINUTES"] ?? 0);
const rounds = Number(env["TORMENT_ROUNDS"] ?? 1);
const seed = Number(env["TORMENT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const BOOKERS = 8;
const OPENERS = 2;
const HOSTS = 4;

const folder = join(tmpdir(), `slotwright-torment-${randomBytes(6).toString("hex")}`);
const histories: Histories = { bookings: [], times: [], rules: [], ends: new Map() };
const services: ServiceProcess[] = [];
let victim: Victim;
let world: Omit<Parameters<typeof bookTirelessly>[0], "ending">;
let guestIds: string[];

beforeAll(async () => {
  const postgres = await startOwnPostgres({ folder, temporary: false, settings: SLOW_COMMITS });
  for (const name of serviceNames) {
    await onServer(postgres.url("postgres"), (client) => client.query(`create database ${name}`));
    await migrateDatabase(name, postgres.url(name));
  }
  const proxies = {
    availability: await startCuttingProxy(postgres.url("availability")),
    booking: await startCuttingProxy(postgres.url("booking")),
  };
  const ports = { availability: await freePort(), booking: await freePort() };
  const urlOf = (name: keyof typeof ports): string => `http://127.0.0.1:${ports[name]}`;
  for (const name of serviceNames) {
    const variables = { DATABASE_URL: proxies[name].url, CONNECT_PORT: String(ports[name]) };
    const peers = { AVAILABILITY_URL: urlOf("availability"), BOOKING_URL: urlOf("booking") };
    services.push(await startProcess(name, { ...variables, ...peers }));
  }
  const clients = connectClients(urlOf("availability"), urlOf("booking"), tokenSource(admin));
  const random = randomOf(seed);
  const hostIds = await Promise.all(Array.from({ length: HOSTS }, () => createHost(clients)));
  guestIds = await Promise.all(Array.from({ length: BOOKERS }, () => createGuest(clients)));
  const open = { start: tomorrow(0), end: tomorrow(0) + OPEN_DAYS * DAY_MS };
  for (const hostId of hostIds) await openTime(clients, hostId, open, SLOT_DURATION_MINUTES);
  // One has the usual rules, two have seats and buffers, and those of the last are changed all the time.
  for (const hostId of hostIds.slice(1, 3)) {
    await clients.availability.updateRules({ hostId, seats: 3, bufferBeforeMinutes: 10, bufferAfterMinutes: 5 });
  }
  const allLive = (): boolean => services.every((service) => service.isAlive());
  world = { clients, hostIds, histories, random, isHopeless: () => !allLive() };
  const succeeded = (): number =>
    [...histories.ends].reduce((sum, [end, times]) => sum + (end.endsWith(" accepted") ? times : 0), 0);
  const worksAgain = async (): Promise<void> => {
    // Each caller may have had a call under way before.
    const enough = succeeded() + BOOKERS + OPENERS + 2;
    await vi.waitUntil(() => succeeded() >= enough || !allLive(), {
      timeout: 120_000,
      interval: 10,
    });
    expect(services.map((service) => service.isAlive())).toEqual([true, true]);
  };
  victim = { folder, postgres, proxies, random, done: new Map(), worksAgain };
}, 120_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await Promise.all(Object.values(victim.proxies).map((proxy) => proxy.close()));
  await victim.postgres.stop();
  await deletePostgres(folder);
}, 60_000);

test(
  `the databases hold what callers were told, whatever happens to the server (TORMENT_SEED=${seed})`,
  async () => {
    const ending = new AbortController();
    const load = { ...world, ending: ending.signal };
    const callers = [
      ...guestIds.map((guestId) => bookTirelessly(load, guestId)),
      ...Array.from({ length: OPENERS }, (_, caller) => openAndCloseTirelessly(load, caller)),
      changeRulesTirelessly(load, world.hostIds.at(-1)!),
    ];
    const until = performance.now() + minutes * MINUTE_MS;
    try {
      for (let round = 1; round <= rounds || performance.now() < until; round += 1) await tormentOnce(victim, round);
    } finally {
      ending.abort();
      await Promise.all(callers);
      const figures = [...victim.done, ...[...histories.ends].toSorted(([a], [b]) => a.localeCompare(b))].map(
        ([what, times]) => `${what}: ${times}`,
      );
      process.stdout.write(`${figures.join("\n")}\n`);
    }

    expect(services.map((service) => service.isAlive())).toEqual([true, true]);
    expect((await Promise.all(services.map(deathNotes))).flat()).toEqual([]);
    const urls = { availability: victim.postgres.url("availability"), booking: victim.postgres.url("booking") };
    await expectTold(urls, histories);
    await expectInOrder(urls);
    // Ends that the contract does not promise: INTERNAL, and lost connections.
    expect([...histories.ends.keys()].filter((end) => / (ConnectError|Error)/.test(end))).toEqual([]);
    expect(new Set(victim.done.keys())).toEqual(new Set(Object.keys(torments)));
  },
  10 * 60_000 + minutes * 2 * MINUTE_MS + rounds * MINUTE_MS,
);

/** The lines that a service logs when it dies. */
async function deathNotes(service: ServiceProcess): Promise<string[]> {
  const log = await readFile(join(inject("logFolder"), `${service.pid}.stdout`), "utf8");
  return log.split("\n").filter((line) => line.startsWith('{"level":60'));
}
