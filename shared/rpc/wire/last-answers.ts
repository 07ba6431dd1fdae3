import type { Server, ServerResponse } from "node:http";
import { LAST_REQUEST_MS } from "./limits.ts";

/**
 * How an HTTP/1.1 server sends its clients away without losing a call. A client that may keep its connection can send a call at
 * the moment in which the server closes it, and never learns whether the call was looked at. So each answer tells its client
 * that the connection ends with it, for as long as there is time; what is idle then is closed last.
 */
export class LastAnswers {
  readonly #server: Server;
  readonly #open = new Set<ServerResponse>();
  #announced = false;

  constructor(server: Server) {
    this.#server = server;
  }

  /** To be called with each response, before it is answered. */
  add(response: ServerResponse): void {
    if (this.#announced) sayClose(response);
    this.#open.add(response);
    response.once("close", () => this.#open.delete(response));
  }

  /** From now on every answer says so. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    for (const response of this.#open) sayClose(response);
    // Of streams, whose heads are sent, clients do not know it, and may use the connection at once again.
    this.#server.keepAliveTimeout = LAST_REQUEST_MS;
    this.#server.keepAliveTimeoutBuffer = 0;
  }
}

function sayClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
