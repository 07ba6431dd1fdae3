import { once } from "node:events";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { CLOSE_GRACE_MS } from "./limits.ts";

/** The HTTP/2 connection to a peer. It can end after its last call, without a look at what its manager keeps of older ones. */
export class PeerSessions extends Http2SessionManager {
  #calls = 0;
  #onClosed: (() => void) | undefined;

  override async request(...how: Parameters<Http2SessionManager["request"]>) {
    this.#calls += 1;
    try {
      const stream = await super.request(...how);
      stream.once("close", () => this.#ended());
      return stream;
    } catch (error) {
      this.#ended();
      throw error;
    }
  }

  /**
   * Opens the connection, and tells whether there is a server at its end: a load balancer may take a connection and drop it then,
   * for lack of a replica. Any answer tells, also that nothing is there.
   */
  async isAnswered(): Promise<boolean> {
    try {
      const stream = await this.request("HEAD", "/", {}, {});
      stream.on("error", () => undefined).resume();
      await once(stream, "response", { signal: AbortSignal.timeout(CLOSE_GRACE_MS) });
      return true;
    } catch {
      return false;
    }
  }

  /** Closes the connection as soon as no call is under way, and calls back then. No more may be begun. */
  retire(onClosed: () => void): void {
    this.#onClosed = onClosed;
    this.#closeIfIdle();
  }

  #ended(): void {
    this.#calls -= 1;
    // Once all have heard of the end of the call.
    if (this.#onClosed !== undefined) setImmediate(() => this.#closeIfIdle());
  }

  #closeIfIdle(): void {
    if (this.#calls > 0) return;
    this.abort();
    this.#onClosed?.();
  }
}
