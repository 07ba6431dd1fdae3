/** A load balancer of TCP connections, as a Service of Kubernetes is one. It knows nothing of calls. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A replica as a balancer sees it. */
export interface Endpoint {
  /** Whether new connections go there. What is open goes on in any case. */
  readonly isIn: boolean;
  unwatch(): Promise<void>;
}

export interface Balancer {
  readonly port: number;
  /** How many connections it has dropped, as there was no replica for them. */
  dropped(): number;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 20;
/** From a replica's "not ready" to the last connection that is sent to it. */
const HEARD_AFTER_MS = 100;

/** Watches a replica's `/readyz`. */
export function watchEndpoint(operationsUrl: string): Endpoint {
  const ending = new AbortController();
  const endpoint = { isIn: false };
  const look = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const isReady = await fetch(`${operationsUrl}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (!isReady && endpoint.isIn) await pause(HEARD_AFTER_MS);
      endpoint.isIn = isReady;
      await pause(LOOK_EVERY_MS);
    }
  };
  const ended = look();
  return {
    get isIn() {
      return endpoint.isIn;
    },
    async unwatch() {
      ending.abort();
      await ended;
    },
  };
}

/** Sends each new connection to the next of the replicas' ports that are in. */
export async function startBalancer(
  replicas: readonly { readonly port: number; readonly endpoint: Pick<Endpoint, "isIn"> }[],
): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let [turn, dropped] = [0, 0];
  // Each side may end its half while the other still sends.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const open = replicas.filter(({ endpoint }) => endpoint.isIn);
    const chosen = open[turn++ % open.length];
    if (chosen === undefined) {
      dropped += 1;
      near.destroy();
      return;
    }
    const far = connect({ port: chosen.port, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay().on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        if (socket.errored !== null) [near, far].forEach((each) => each.destroy());
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    dropped: () => dropped,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => void server.close(closed));
    },
  };
}
