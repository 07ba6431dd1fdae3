import type { ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { Caller } from "../../caller.ts";
import { monotonicMs } from "../../clock.ts";
import { DEADLINE_MAX_MS } from "../../limits.ts";
import { StatusError } from "../../status-error.ts";

/** One object each for all streams: no client sees the first, and the second says nothing of its call. */
const CLIENT_LEFT = new StatusError(status.CANCELLED, "the client left");
const DEADLINE_PASSED = new StatusError(status.DEADLINE_EXCEEDED, "the deadline has passed");

/**
 * The client of a stream whose call is not open yet: it waits until its timeout is over or it closes the stream. Not
 * `AbortSignal.any` and `.timeout`: these cost seven times as much, and stay in memory until the timeout is over.
 */
export class WaitingClient implements Caller {
  readonly deadline: number;
  readonly #stream: ServerHttp2Stream;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #onClose = (): void => this.#leave(CLIENT_LEFT);

  /** `timeoutMs`: Infinity if the client has none. */
  constructor(stream: ServerHttp2Stream, timeoutMs: number) {
    this.#stream = stream;
    this.deadline = monotonicMs() + timeoutMs;
  }

  /** Made when it is first read: most callers are known at once. */
  get signal(): AbortSignal {
    return (this.#controller ??= this.#watch()).signal;
  }

  /** To be called when nobody waits for the client any more: when it is known who calls, or that this cannot be known. */
  release(): void {
    clearTimeout(this.#timer);
    this.#stream.off("close", this.#onClose);
  }

  #watch(): AbortController {
    const controller = new AbortController();
    if (this.#stream.closed) {
      controller.abort(CLIENT_LEFT);
      return controller;
    }
    this.#stream.once("close", this.#onClose);
    const leftMs = Math.max(0, Math.min(this.deadline - monotonicMs(), DEADLINE_MAX_MS));
    this.#timer = setTimeout(() => this.#leave(DEADLINE_PASSED), Math.ceil(leftMs));
    return controller;
  }

  #leave(why: StatusError): void {
    this.release();
    this.#controller?.abort(why);
  }
}
