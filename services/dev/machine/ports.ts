/** TCP ports of this machine. */

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { StartFailure } from "./failure.ts";

/**
 * Below the ports that systems give to outgoing connections (from 32768 on, or higher). One of those would be free now, and
 * an hour later, when a service is started again on it, be some connection's own.
 */
const FIRST = 20_000;
const END = 32_000;
const ATTEMPTS_MAX = 100;

/** A port of the loopback address that is free at the moment. Another process may take it before it is used. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
  throw new StartFailure(`no free port from ${FIRST} to ${END - 1} was found`);
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce("127.0.0.1", port).then(
    () => true,
    () => false,
  );
}

/**
 * Says in one line which port is taken and how to choose another. Throws StartFailure. A service would notice as well,
 * but only after the database has been started and migrated for it.
 */
export async function assertPortFree(host: string, port: number, variable: string): Promise<void> {
  try {
    await listenOnce(host, port);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartFailure(`port ${port} on ${host} cannot be used (${reason}): set ${variable} to another port`);
  }
}

async function listenOnce(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}
