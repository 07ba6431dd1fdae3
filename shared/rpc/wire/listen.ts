import { once } from "node:events";
import type { Server } from "node:net";

export interface Address {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface Listener {
  readonly port: number;
  /** From now on each answer of HTTP/1.1 tells its client that the connection ends with it. */
  announceEnd(): void;
  /** Takes no new connections. Resolves when the clients of the open ones send no more calls, as far as they can be told so. */
  stopAccepting(): Promise<void>;
  /** Stops accepting, lets connections send for a moment what is answered already, then cuts them off. */
  close(): Promise<void>;
}

/** The port that the server listens on from now on. Throws an error of one line if the port cannot be opened. */
export async function listen(server: Server, address: Address): Promise<number> {
  server.listen(address.port, address.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw portRefused(address, cause);
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  return bound.port;
}

/** The error of one line, for the operator, about a port that cannot be opened. */
export function portRefused({ host, port }: Address, cause: unknown): Error {
  return new Error(`port ${port} on ${host} ${whyNot(cause)}`, { cause });
}

function whyNot(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return "is in use";
  if (code === "EACCES") return "is not permitted to this user";
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return "is not an address of this machine";
  return `cannot be opened: ${message}`;
}
