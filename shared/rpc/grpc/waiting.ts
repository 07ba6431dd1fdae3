import type { ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { Caller } from "../../caller.ts";
import { monotonicMs } from "../../clock.ts";
import { DEADLINE_MAX_MS } from "../../limits.ts";
import { StatusError } from "../../status-error.ts";

/** One object for all streams: no client sees it. */
const CLIENT_LEFT = new StatusError(status.CANCELLED, "the client left");

/** The client of a stream whose call is not open yet: it waits until its timeout is over or it closes the stream. */
export class WaitingClient implements Caller {
  readonly deadline: number;
  readonly #stream: ServerHttp2Stream;
  #signal: AbortSignal | undefined;

  /** `timeoutMs`: Infinity if the client has none. */
  constructor(stream: ServerHttp2Stream, timeoutMs: number) {
    this.#stream = stream;
    this.deadline = monotonicMs() + timeoutMs;
  }

  /** Made when it is first read: most callers are known at once. */
  get signal(): AbortSignal {
    return (this.#signal ??= this.#makeSignal());
  }

  #makeSignal(): AbortSignal {
    const left = new AbortController();
    if (this.#stream.closed) left.abort(CLIENT_LEFT);
    else this.#stream.once("close", () => left.abort(CLIENT_LEFT));
    const leftMs = Math.max(0, Math.min(this.deadline - monotonicMs(), DEADLINE_MAX_MS));
    return AbortSignal.any([left.signal, AbortSignal.timeout(Math.ceil(leftMs))]);
  }
}
