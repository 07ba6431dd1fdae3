/** The keys by which the services know each other are replaced while they run. The commands are those of docs/operations.md. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { privateKeyFile, publicKeysFile } from "../../shared/auth/make-key.ts";
import type { ServiceName } from "../../services/ops/services.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

const program = fileURLToPath(new URL("../../services/ops/service-key/main.ts", import.meta.url));
let folder: string;
let first: Pair;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotwright-rotated-"));
  for (const name of ["availability", "booking"]) await serviceKey(name);
  first = await start();
});

afterAll(async () => {
  await first.stop();
  await rm(folder, { recursive: true });
});

async function serviceKey(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, folder, ...args]);
  return stdout;
}

async function start(databases?: { availability: string; booking: string }): Promise<Pair> {
  const variablesOf = (name: ServiceName, peer: ServiceName) => ({
    SERVICE_KEY: privateKeyFile(folder, name),
    PEER_JWKS: publicKeysFile(folder, peer),
  });
  return startPair({
    ...(databases === undefined ? {} : { databases }),
    availability: variablesOf("availability", "booking"),
    booking: variablesOf("booking", "availability"),
  });
}

/** Calls for which each service asks the other: an addition is fenced before the host is told, and a booking asks for a calendar. */
async function callBothWays({ clients }: Pair): Promise<void> {
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  await openTime(clients, hostId, hours(8, 12));
  const { start: from, end } = hours(8, 9);
  const times = { startTime: timestampFromMs(from), endTime: timestampFromMs(end) };
  await clients.bookings.createBooking({ hostId, guestId, ...times });
  const rest = { startTime: timestampFromMs(end), endTime: timestampFromMs(hours(9, 12).end) };
  await clients.availability.removeAvailability({ hostId, ...rest });
}

async function kidsOf(name: string): Promise<unknown[]> {
  const { keys } = JSON.parse(await readFile(publicKeysFile(folder, name), "utf8")) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

async function usedBy(name: string): Promise<unknown> {
  return (JSON.parse(await readFile(privateKeyFile(folder, name), "utf8")) as { kid: string }).kid;
}

test("no call fails: beside replicas that sign with the old keys, others with the new ones, and then only these", async () => {
  await callBothWays(first);
  const old = { availability: await usedBy("availability"), booking: await usedBy("booking") };
  for (const name of ["availability", "booking"] as const) {
    await serviceKey(name, "prepare");
    await serviceKey(name, "prepare");
    expect(await kidsOf(name)).toEqual([expect.stringContaining(name), old[name]]);
    await callBothWays(first);
    await serviceKey(name, "use");
    await serviceKey(name, "use");
    expect(await kidsOf(name)).toEqual([await usedBy(name), old[name]]);
  }
  const databases = { availability: first.availability.databaseUrl, booking: first.booking.databaseUrl };
  const second = await start(databases);
  // Each of the old replicas is called with a new key, and the other way round.
  const crossed = await startPair({
    databases,
    availability: {
      SERVICE_KEY: privateKeyFile(folder, "availability"),
      PEER_JWKS: publicKeysFile(folder, "booking"),
      BOOKING_URL: first.booking.connectUrl,
    },
    booking: {
      SERVICE_KEY: privateKeyFile(folder, "booking"),
      PEER_JWKS: publicKeysFile(folder, "availability"),
      AVAILABILITY_URL: first.availability.connectUrl,
    },
  });
  for (const pair of [first, second, crossed]) await callBothWays(pair);
  await crossed.stop();
  for (const name of ["availability", "booking"]) {
    await serviceKey(name, "forget");
    await serviceKey(name, "forget");
    expect(await kidsOf(name)).toEqual([await usedBy(name)]);
  }
  await callBothWays(second);
  await second.stop();
});

test("a key is not used before the peer knows it", async () => {
  await serviceKey("booking", "prepare");
  await serviceKey("booking", "forget");
  expect(await kidsOf("booking")).toHaveLength(2);
  // As if an older copy of the file was put back.
  const { keys } = JSON.parse(await readFile(publicKeysFile(folder, "booking"), "utf8")) as { keys: unknown[] };
  await writeFile(publicKeysFile(folder, "booking"), JSON.stringify({ keys: keys.slice(1) }));
  await expect(serviceKey("booking", "use")).rejects.toThrow("does not know the key");
  await expect(serviceKey("booking", "throw")).rejects.toThrow("usage: npm run service-key");
  await expect(serviceKey("gateway", "prepare")).rejects.toThrow("usage: npm run service-key");
});
