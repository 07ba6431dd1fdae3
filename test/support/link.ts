/** A TCP connection between two services that a test can disturb. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * - `open`: everything passes.
 * - `cut`: connections end at once, new ones too.
 * - `silent`: connections are accepted, and nothing passes.
 * - `answerless`: requests pass, answers do not.
 *
 * What was held back passes when the link is opened again.
 */
export type LinkState = "open" | "cut" | "silent" | "answerless";

export interface Link {
  /** `http://host:port` of this end. */
  readonly url: string;
  set(state: LinkState): void;
  close(): Promise<void>;
}

/** One direction of a connection. */
interface Way {
  readonly to: Socket;
  /** In which states it lets pass. */
  readonly passesIn: readonly LinkState[];
  readonly held: (string | Uint8Array)[];
}

/** A link to `targetUrl`, which may come and go: each connection looks for it anew. */
export async function startLink(targetUrl: string): Promise<Link> {
  const target = new URL(targetUrl);
  const ways = new Set<Way>();
  const sockets = new Set<Socket>();
  let state: LinkState = "open";

  const flush = (way: Way): void => {
    if (way.passesIn.includes(state)) for (const bytes of way.held.splice(0)) way.to.write(bytes);
  };
  const carry = (from: Socket, way: Way): void => {
    ways.add(way);
    from.on("data", (bytes) => {
      way.held.push(bytes);
      flush(way);
    });
    from.on("close", () => ways.delete(way));
  };
  const server = createServer((near) => {
    if (state === "cut") {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    carry(near, { to: far, passesIn: ["open", "answerless"], held: [] });
    carry(far, { to: near, passesIn: ["open"], held: [] });
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));

  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      state = next;
      if (state === "cut") endAll();
      else for (const way of ways) flush(way);
    },
    async close() {
      endAll();
      await new Promise((closed) => void server.close(closed));
    },
  };
}
