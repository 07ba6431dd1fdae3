import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { monotonicMs } from "../../clock.ts";
import { LAST_REQUEST_MS } from "./limits.ts";
import { scattered } from "./scattered.ts";

/**
 * How an HTTP/1.1 server sends its clients away without losing a call. A client that may keep its connection can send a call at
 * the moment in which the server closes it, and never learns whether the call was looked at. So each answer tells its client
 * that the connection ends with it, for as long as there is time; what is idle then is closed last. A client is told so too when
 * its connection is older than `ageMs`, or up to half as much again: the next one may go to another replica.
 */
export class LastAnswers {
  readonly #server: Server;
  readonly #ageMs: number;
  readonly #endsAt = new WeakMap<Socket, number>();
  readonly #open = new Set<ServerResponse>();
  #announced = false;

  constructor(server: Server, ageMs: number) {
    this.#server = server;
    this.#ageMs = ageMs;
  }

  /** To be called with each response, before it is answered. */
  add(response: ServerResponse): void {
    if (this.#announced || this.#isOld(response.socket)) sayClose(response);
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

  /** Its age counts from its first request on. */
  #isOld(socket: Socket | null): boolean {
    if (socket === null) return false;
    const endsAt = this.#endsAt.get(socket);
    if (endsAt === undefined) this.#endsAt.set(socket, monotonicMs() + scattered(this.#ageMs));
    return endsAt !== undefined && monotonicMs() >= endsAt;
  }
}

function sayClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
