import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { CLOSE_GRACE_MS } from "./limits.ts";

/** The open connections of a listener, and its HTTP/2 sessions. Node's servers do not close all of them when they close themselves. */
export class Sessions {
  readonly #open = new Set<Http2Session>();
  readonly #sockets = new Set<Socket>();

  /** To be called with each connection, whatever becomes of it. */
  addSocket(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  add(session: Http2Session): void {
    this.#open.add(session);
    session.once("close", () => this.#open.delete(session));
  }

  /** Tells the clients to open no more streams. A connection closes by itself after its last one. */
  goAway(): void {
    for (const session of this.#open) session.close();
  }

  /** Waits for the connections to close by themselves, and with them the server (`serverClosed`), but not for long. */
  async close(serverClosed: Promise<void>): Promise<void> {
    this.goAway();
    const closed = [...this.#open].map((session) => new Promise((resolve) => void session.once("close", resolve)));
    const grace = setTimeout(() => this.#destroyAll(), CLOSE_GRACE_MS);
    await Promise.all([serverClosed, ...closed]);
    clearTimeout(grace);
  }

  #destroyAll(): void {
    for (const session of this.#open) session.destroy();
    // A session that was told to close only ends its own side when it is destroyed, and waits for the client to end the
    // other: one that has stopped reading never does, and the service would never stop.
    for (const socket of this.#sockets) socket.destroy();
  }
}
