/**
 * A process that has no file descriptor left closes the connections that it cannot accept, says BUSY where it needs one more to its
 * database, and lives on.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectClients } from "../support/clients.ts";
import { HELLO } from "../support/hostile/frames.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  type GatewayProcess,
  type OwnProcess,
  type ServiceProcess,
  startGatewayProcess,
  startProcess,
} from "../support/processes.ts";
import { outcomeOf } from "../support/refusals.ts";
import { admin, tokenSource } from "../support/tokens.ts";

/** A program of util-linux, which sets the limits of another process. */
const PRLIMIT = "/usr/bin/prlimit";
const HOST = "01234567-89ab-7def-8123-456789abcdef";

let databases: readonly TestDatabase[];
let availability: ServiceProcess;
let booking: ServiceProcess;
let gateway: GatewayProcess;

beforeAll(async () => {
  databases = [await createDatabase("availability"), await createDatabase("booking")];
  availability = await startProcess("availability", { DATABASE_URL: databases[0]!.url });
  booking = await startProcess("booking", { DATABASE_URL: databases[1]!.url });
  gateway = await startGatewayProcess({ AVAILABILITY_URL: availability.connectUrl, BOOKING_URL: booking.connectUrl });
});
afterAll(async () => {
  for (const process of [gateway, booking, availability]) await process.stop();
  await Promise.all(databases.map((database) => database.drop()));
});

/** Sets how many descriptors a process may have. */
function limitDescriptors({ pid }: OwnProcess, count: number): void {
  execFileSync(PRLIMIT, ["--pid", String(pid), `--nofile=${count}:`]);
}

/** Opens connections, and keeps them, until one is closed unheard: the others have taken what was left. */
async function fill(port: number, hello: string | Buffer, kept: DisposableStack): Promise<void> {
  for (let answer = ""; answer !== "closed";) {
    const socket = kept.adopt(connect(port, "127.0.0.1"), (each) => each.destroy());
    socket.on("error", () => undefined);
    const closed = new Promise<string>((resolve) => void socket.once("close", () => resolve("closed")));
    const heard = new Promise<string>((resolve) => void socket.once("data", () => resolve("heard")));
    socket.write(hello);
    answer = await Promise.race([closed, heard]);
  }
}

const portOf = (address: string): number => Number(/\d+$/.exec(address)?.[0]);
const clientsOf = ({ connectUrl }: ServiceProcess) => connectClients(connectUrl, connectUrl, tokenSource(admin));

test.skipIf(!existsSync(PRLIMIT))("a service", async () => {
  const [users, bookings] = [clientsOf(availability).users, clientsOf(booking).bookings];
  for (const [service, call] of [
    [availability, () => outcomeOf(users.listUsers({}))],
    [booking, () => outcomeOf(bookings.listBookings({ hostId: HOST }))],
  ] as const) {
    expect(await call()).toBe("accepted");
    using kept = new DisposableStack();
    limitDescriptors(service, readdirSync(`/proc/${service.pid}/fd`).length);
    for (const address of [service.grpcAddress, service.connectUrl]) await fill(portOf(address), HELLO, kept);
    // Some have the connections that the pool has already.
    const told = new Set(await Promise.all(Array.from({ length: 30 }, call)));
    expect(told.difference(new Set(["accepted", "BUSY"]))).toEqual(new Set());
    expect(told).toContain("BUSY");
    limitDescriptors(service, 1024);
    expect(await call()).toBe("accepted");
    expect(service.lastWords()).toEqual([]);
  }
});

test.skipIf(!existsSync(PRLIMIT))("the gateway", async () => {
  using kept = new DisposableStack();
  limitDescriptors(gateway, readdirSync(`/proc/${gateway.pid}/fd`).length);
  await fill(portOf(gateway.url), "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n", kept);
  limitDescriptors(gateway, 1024);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect(gateway.lastWords()).toEqual([]);
});
