import type { Writable } from "node:stream";
import type { ClientBase } from "pg";

/** The part of the driver's client that its types leave out. */
interface Connected {
  readonly connection: { readonly stream: Writable };
}

/**
 * Sends all queries that `send` makes on a pipelining connection as one packet. The driver would write each by itself: ten
 * system calls here, and as many times that the server wakes up, for what is one round trip.
 */
export function inOnePacket<T>(client: ClientBase, send: () => T): T {
  const { stream } = (client as unknown as Connected).connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}
