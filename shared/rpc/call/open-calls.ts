import { status } from "@grpc/grpc-js";
import type { Meter } from "@opentelemetry/api";
import { StatusError } from "../../status-error.ts";
import { noTelemetry } from "../../telemetry/telemetry.ts";
import { type CallMeasures, callMeasures } from "./measures.ts";
import { type Arrival, OpenCall, type Telling } from "./open-call.ts";

/** What is told of calls, and where. What is left out is not. */
export interface CallTelling extends Partial<Telling> {
  readonly meter?: Meter;
}

/** The calls of a service that are under way on either listener: what a stop has to wait for. */
export class OpenCalls {
  readonly #calls = new Set<OpenCall>();
  readonly #telling: Telling;
  readonly #measures: CallMeasures;
  readonly #closed = (call: OpenCall, ending: StatusError | undefined): void => {
    this.#calls.delete(call);
    this.#measures.ended(call, ending);
    if (this.#calls.size === 0) this.#onIdle?.();
  };
  #takesStreams = true;
  #takesCalls = true;
  #onIdle: (() => void) | undefined;

  constructor({ meter = noTelemetry.meter, tracer, loggedSuccesses = 1 }: CallTelling = {}) {
    this.#telling = { tracer, loggedSuccesses };
    this.#measures = callMeasures(meter);
    this.#measures.watch(this.#calls);
  }

  /** The caller owes the call a `close()`. */
  open(arrival: Arrival): OpenCall {
    const call = new OpenCall(arrival, this.#telling, this.#closed);
    this.#calls.add(call);
    if (!this.#takesCalls || (!this.#takesStreams && isStream(call))) call.interrupt(stopping());
    return call;
  }

  /**
   * Ends the streams, which would not end by themselves, and takes no more of them. Resolves when the other calls have ended; those
   * that have not ended within `graceMs` are ended here, and from then on no call is taken.
   */
  async end(graceMs: number): Promise<void> {
    this.#takesStreams = false;
    for (const call of this.#calls) if (isStream(call)) call.interrupt(stopping());
    const grace = setTimeout(() => this.#endAll(), graceMs);
    await this.#idle();
    clearTimeout(grace);
  }

  /**
   * Closes the calls too: a call whose body never comes has no handler yet that would notice the interruption, and the stop
   * would wait for it as long as a body may take.
   */
  #endAll(): void {
    this.#takesCalls = false;
    for (const call of this.#calls) {
      const ending = stopping();
      call.interrupt(ending);
      call.close(ending);
    }
  }

  /** Resolves when no call is under way. */
  #idle(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }
}

function isStream({ method }: OpenCall): boolean {
  return method.methodKind !== "unary";
}

function stopping(): StatusError {
  return new StatusError(status.UNAVAILABLE, "the service is stopping");
}
