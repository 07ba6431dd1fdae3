/** The same over HTTP/1.1, where the gateway is too: requests that are broken off in each way, at every byte. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { leaveHanging, throwAt } from "../support/hostile/attack.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import {
  type GatewayProcess,
  type OwnProcess,
  type ServiceProcess,
  startGatewayProcess,
  startProcess,
} from "../support/processes.ts";
import { admin, tokenOf } from "../support/tokens.ts";

let database: TestDatabase;
let service: ServiceProcess;
let gateway: GatewayProcess;
let authorization: string;

beforeAll(async () => {
  database = await createDatabase("booking");
  service = await startProcess("booking", { DATABASE_URL: database.url });
  gateway = await startGatewayProcess({ AVAILABILITY_URL: service.connectUrl, BOOKING_URL: service.connectUrl });
  authorization = `Bearer ${await tokenOf(admin)}`;
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await database.drop();
});

const LIST = "/booking.v1.BookingService/ListBookings";
const doors: readonly (readonly [string, () => { url: string; process: OwnProcess; call: string }])[] = [
  ["the Connect port", () => ({ url: service.connectUrl, process: service, call: `POST ${LIST}` })],
  ["the gateway", () => ({ url: gateway.url, process: gateway, call: "POST /bookings" })],
];
const json = "content-type: application/json\r\ncontent-length: 2\r\n";

const requests: readonly (readonly [string, (call: string) => string])[] = [
  ["without a token", (call) => `${call} HTTP/1.1\r\nhost: a\r\n${json}\r\n{}`],
  ["with a token", (call) => `${call} HTTP/1.1\r\nhost: a\r\n${json}authorization: ${authorization}\r\n\r\n{}`],
  ["for nothing", () => `POST /nothing HTTP/1.1\r\nhost: a\r\n${json}\r\n{}`],
  ["that expects 100-continue", (call) => `${call} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n${json}\r\n{}`],
  ["that expects something else", (call) => `${call} HTTP/1.1\r\nhost: a\r\nexpect: the unexpected\r\n${json}\r\n{}`],
  ["for a tunnel", () => "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\nmore"],
  ["that upgrades", (call) => `${call} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n${json}\r\n{}`],
  [
    "in chunks, with trailers",
    () => "PUT /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\na: b\r\n\r\n",
  ],
  ["with nonsense behind it", (call) => `${call} HTTP/1.1\r\nhost: a\r\n${json}\r\n{}\0\0\0\0`],
  ["with another behind it", (call) => `${call} HTTP/1.1\r\nhost: a\r\n${json}\r\n{}`.repeat(3)],
];

test.each(doors)("at %s no request ends the process, wherever it is broken off", async (_name, door) => {
  const { url, process, call } = door();
  const port = Number(new URL(url).port);
  for (const [what, make] of requests) {
    const text = make(call);
    const pieces = Array.from({ length: text.length }, (_, at) => text.slice(0, at + 1));
    // Vanished in the middle, all at the same time, and one that is sent whole.
    await Promise.all(pieces.map((piece) => leaveHanging(port, 1, piece)));
    await throwAt(port, text);
    expect(process.lastWords(), what).toEqual([]);
    expect((await fetch(`${url}/healthz`)).status, what).toBeLessThan(500);
  }
});
