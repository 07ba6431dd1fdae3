/** A proxy before PostgreSQL that cuts a connection while COMMIT is on its way. */

import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";

export interface CuttingProxy {
  /** The database behind it, by way of the proxy. */
  readonly url: string;
  /** Cuts the connection on which the next COMMIT comes: before the server has it, or after, when it has answered. */
  cutNextCommit(when: "before" | "after"): void;
  /** How many connections were cut. */
  cuts(): number;
  close(): Promise<void>;
}

/** Starts a proxy for the server of `databaseUrl`. Connections that are not cut pass unchanged. */
export async function startCuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(databaseUrl);
  let next: "before" | "after" | undefined;
  let cuts = 0;
  const server = createServer((client) => {
    const postgres = connect(Number(port), hostname);
    const end = (): void => {
      client.destroy();
      postgres.destroy();
    };
    for (const socket of [client, postgres]) socket.on("error", end).on("close", end);
    postgres.on("data", (answer) => client.write(answer));
    client.on("data", (sent) => {
      // With the zero that ends a statement: BEGIN speaks of "read committed".
      if (next === undefined || !sent.includes("commit\0")) {
        postgres.write(sent);
        return;
      }
      const when = next;
      next = undefined;
      cuts += 1;
      postgres.removeAllListeners("data");
      if (when === "before") end();
      // It answers only when it has committed, and nobody hears it.
      else postgres.once("data", end).write(sent);
    });
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cutNextCommit: (when) => {
      next = when;
    },
    cuts: () => cuts,
    close: () => new Promise((closed) => void server.close(() => closed())),
  };
}
