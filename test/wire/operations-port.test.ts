/** The operations port is for the inside, and yet nobody who reaches it can end or stall the process. */

import { connect } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OperationsPort, openOperationsPort } from "../../shared/service/operations-port.ts";

let isReady: () => Promise<boolean>;
let exposition: () => Promise<string>;
let port: OperationsPort;
beforeAll(async () => {
  const pages = { isReady: () => isReady(), exposition: () => exposition() };
  port = (await openOperationsPort({ host: "127.0.0.1", port: 0 }, pages))!;
});
afterAll(() => port.close());

async function answer(path: string, method = "GET"): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port.port}${path}`, { method });
  return [response.status, await response.text()];
}

test("readiness is asked for each time, and one that cannot be told is 500", async () => {
  isReady = async () => true;
  expect(await answer("/readyz")).toEqual([200, "ready\n"]);
  isReady = async () => false;
  expect(await answer("/readyz?verbose")).toEqual([503, "not ready\n"]);
  isReady = () => Promise.reject(new Error("unknown"));
  expect(await answer("/readyz")).toEqual([500, "this page could not be made\n"]);
  expect(await answer("/livez")).toEqual([200, "alive\n"]);
});

test("metrics are read as they are now; anything else is not there, and nothing is written here", async () => {
  exposition = async () => "a 1\n";
  expect(await answer("/metrics")).toEqual([200, "a 1\n"]);
  expect((await answer("/"))[0]).toBe(404);
  expect((await answer("/livez", "POST"))[0]).toBe(405);
  expect(await answer("/livez", "HEAD")).toEqual([200, ""]);
});

test("without an address there is no port", async () => {
  expect(await openOperationsPort(undefined, { isReady, exposition })).toBeUndefined();
});

test.each([
  ["noise", Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 31) % 256))],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["headers without end", `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}`],
  ["a body that was not asked for", `GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\nx`],
])("%s, and a reset, leave it as it was", async (_, bytes) => {
  const socket = connect(port.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(bytes);
  socket.resetAndDestroy();
  expect((await answer("/livez"))[0]).toBe(200);
});

test("it closes though a client keeps a request half sent", async () => {
  const other = (await openOperationsPort({ host: "127.0.0.1", port: 0 }, { isReady, exposition }))!;
  const socket = connect(other.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write("GET /livez HTTP/1.1\r\n");
  const closed = new Promise((resolve) => void socket.once("close", resolve));
  await other.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});
