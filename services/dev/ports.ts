/** TCP ports of this machine. */

import { once } from "node:events";
import { createServer } from "node:net";
import { StartFailure } from "./failure.ts";

/** A port of the loopback address that nobody listens on at the moment. Somebody may before it is used. */
export async function freePort(): Promise<number> {
  return listenOnce("127.0.0.1", 0);
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

/** Listens, closes, and returns the port that it was. */
async function listenOnce(host: string, port: number): Promise<number> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return address.port;
}
