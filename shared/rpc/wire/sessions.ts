import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { goAway } from "./go-away.ts";
import { CLOSE_GRACE_MS } from "./limits.ts";
import { scattered } from "./scattered.ts";

/** The open connections of a listener, and its HTTP/2 sessions. Node's servers do not close all of them when they close themselves. */
export class Sessions {
  readonly #open = new Map<Http2Session, Socket | undefined>();
  readonly #sockets = new Set<Socket>();
  #ending = false;

  /** To be called with each connection, whatever becomes of it. */
  addSocket(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /**
   * `socket` is what carries the session; undefined if it is one of TLS (see `goAway`). After `ageMs`, or up to half as much
   * again, its client is sent away: the next connection may go to another replica.
   */
  add(session: Http2Session, socket: Socket | undefined, ageMs = Infinity): void {
    this.#open.set(session, socket);
    const sendAway = (): void => void goAway(session, socket);
    const aged = ageMs === Infinity ? undefined : setTimeout(sendAway, scattered(ageMs)).unref();
    session.once("close", () => {
      clearTimeout(aged);
      this.#open.delete(session);
    });
    if (this.#ending) sendAway();
  }

  /** Tells the clients to open no more streams. A connection closes by itself after its last one. Resolves when they have heard it. */
  async goAway(): Promise<void> {
    this.#ending = true;
    await Promise.all(Array.from(this.#open, ([session, socket]) => goAway(session, socket)));
  }

  /** Waits for the connections to close by themselves, and with them the server (`serverClosed`), but not for long. */
  async close(serverClosed: Promise<void>): Promise<void> {
    const open = [...this.#open.keys()];
    for (const session of open) session.close();
    const closed = open.map((session) => new Promise((resolve) => void session.once("close", resolve)));
    const grace = setTimeout(() => this.#destroyAll(), CLOSE_GRACE_MS);
    await Promise.all([serverClosed, ...closed]);
    clearTimeout(grace);
  }

  #destroyAll(): void {
    for (const session of this.#open.keys()) session.destroy();
    // A session that was told to close only ends its own side when it is destroyed, and waits for the client to end the
    // other: one that has stopped reading never does, and the service would never stop.
    for (const socket of this.#sockets) socket.destroy();
  }
}
