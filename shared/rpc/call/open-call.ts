import { status } from "@grpc/grpc-js";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Scope } from "../../auth/access.ts";
import { type Identity, nobody } from "../../auth/identity.ts";
import { monotonicMs } from "../../clock.ts";
import type { Refusal } from "../../errors.ts";
import { tokenExpired } from "./bearer.ts";
import { StatusError } from "../../status-error.ts";
import type { CallTracer } from "../../telemetry/call-tracer.ts";
import { Keeping } from "../../telemetry/keeping.ts";
import type { Origin } from "../../telemetry/origin.ts";
import type { Trace } from "../../trace.ts";
import { statusErrorOf } from "../as-status.ts";
import type { Call } from "../handler.ts";
import { endCallSpan } from "./end-span.ts";
import { logCall } from "./log-call.ts";
import type { Quota } from "./quota.ts";
import { callTimeoutMs } from "./timeouts.ts";

/** The protocols do not fire their own timers in the same millisecond as we do. */
const TIMER_SLACK_MS = 5;

/** The longest that a timer of Node can be set for. One that is set for longer fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** For a call that is interrupted after its end. No client sees it, so one object serves all calls. */
const HAS_ENDED = new StatusError(status.CANCELLED, "the call has ended");

/** What an adapter knows of a call when it arrives. */
export interface Arrival {
  readonly method: DescMethod;
  readonly log: Logger;
  /** The protocol that it came by, for the log. */
  readonly transport: string;
  /** What is left of the caller's timeout; undefined if it named none. */
  readonly timeoutMs: number | undefined;
  /** Left out: the caller says nothing of it. */
  readonly origin?: Origin | undefined;
}

/** What is told of calls. */
export interface Telling {
  /** Undefined: no traces are made. */
  readonly tracer: CallTracer | undefined;
  /** How much of the calls that ended well has a line in the log, from 0 to 1. */
  readonly loggedSuccesses: number;
}

/** One call under way. It ends by its handler, or is interrupted: by its client, its deadline, or the service's stop. */
export class OpenCall implements Call {
  readonly method: DescMethod;
  readonly log: Logger;
  readonly transport: string;
  readonly startedAt: number;
  readonly deadline: number;
  identity: Identity = nobody;
  /** The narrowest scope until the caller is known: `nobody` owns no data. */
  scope: Scope = "user";
  /** What the caller has left of its rate, if that is limited. */
  quota: Quota | undefined;
  /** Since when a message of the stream waits until its reader wants more; undefined while none does. */
  offeredAt: number | undefined;
  /** Undefined: the call has no name and is in no trace. */
  trace: Trace | undefined;
  /** Called once when the call closes, to give back what it holds. */
  onClose: (() => void) | undefined;
  #controller: AbortController | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #tokenTimer: NodeJS.Timeout | undefined;
  readonly #onClosed: (call: OpenCall, ending: StatusError | undefined) => void;
  readonly #telling: Telling;
  #keeping: Keeping | undefined;
  #closed = false;
  #interruption: StatusError | undefined;
  #rejectWait: ((interruption: StatusError) => void) | undefined;

  constructor(arrival: Arrival, telling: Telling, onClosed: (call: OpenCall, ending: StatusError | undefined) => void) {
    this.method = arrival.method;
    this.log = arrival.log;
    this.transport = arrival.transport;
    this.startedAt = monotonicMs();
    const timeoutMs = callTimeoutMs(arrival.method, arrival.timeoutMs);
    this.deadline = this.startedAt + timeoutMs;
    this.#onClosed = onClosed;
    this.#telling = telling;
    const { origin } = arrival;
    if (origin !== undefined) {
      this.trace = { requestId: origin.requestId, place: origin.parent, recording: undefined };
    }
    if (timeoutMs <= 0) this.interrupt(deadlineExceeded());
    else if (timeoutMs !== Infinity) this.#timer = setTimeout(interruptAtDeadline, timeoutMs, this);
  }

  get actor(): string {
    return this.identity.subject;
  }

  /**
   * Begins the call's span, if its trace is kept. `knows`: whether it is known who calls, and that it may. If not, what is kept
   * only because the caller says so is held back until `keepTrace` is called.
   */
  beginTrace(knows: "caller" | "nobody"): void {
    const { tracer } = this.#telling;
    if (tracer === undefined) return;
    const parent = this.trace?.place;
    if (knows === "nobody" && parent !== undefined) this.#keeping = new Keeping();
    const name = `${this.method.parent.typeName}/${this.method.name}`;
    const { transport, startedAt } = this;
    this.trace = tracer.begin({ name, transport, startedAt, keeping: this.#keeping }, this.trace);
  }

  keepTrace(): void {
    this.#keeping?.keep();
  }

  /** Made when it is first read: most calls end well without a reader. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#interruption !== undefined) this.#controller.abort(this.#interruption);
    }
    return this.#controller.signal;
  }

  /** Settles as `work` does, or rejects as soon as the call is interrupted. One wait at a time. */
  wait<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // Not Promise.race: a reaction on one long-lived promise per message would fill the memory of a long stream.
      // `work` is listened to in any case, or its late failure would end the process as an unhandled rejection.
      work.then(resolve, reject);
      this.#rejectWait = reject;
      if (this.#interruption !== undefined) reject(this.#interruption);
    });
  }

  /** Whether it is decided how the call has ended. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Why the call was ended from outside; undefined while nothing has ended it. */
  get interruption(): StatusError | undefined {
    return this.#interruption;
  }

  /** Ends the call from outside: first the pending `wait`, then the handler through `signal`. Only the first interruption counts. */
  interrupt(reason: StatusError | Refusal): void {
    if (this.#interruption !== undefined) return;
    const interruption = statusErrorOf(reason, this.method.parent.file.proto.package);
    this.#interruption = interruption;
    this.#rejectWait?.(interruption);
    this.#controller?.abort(interruption);
  }

  /** Interrupts the call when its caller's token ends: a stream must not outlive the right to it. */
  endWithToken(): void {
    if (this.#closed) return;
    const leftMs = this.identity.expireTime - Date.now();
    if (leftMs <= 0) this.interrupt(tokenExpired());
    else this.#tokenTimer = setTimeout(() => this.endWithToken(), Math.min(leftMs, TIMER_MAX_MS));
  }

  /** To be called when the protocol says that no client waits: it left, or its own timer was faster than ours. */
  abandon(): void {
    // grpc-js says so after every call. An unread error would cost more than the rest of this class.
    if (this.#interruption !== undefined) return;
    const late = monotonicMs() >= this.deadline - TIMER_SLACK_MS;
    this.interrupt(late ? deadlineExceeded() : new StatusError(status.CANCELLED, "the client left"));
  }

  /** To be called when the call has ended, with its error if it has one. Writes its line; only the first time counts. */
  close(ending: StatusError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#tokenTimer);
    this.#rejectWait = undefined;
    this.#interruption ??= ending ?? HAS_ENDED;
    this.onClose?.();
    this.#onClosed(this, ending);
    if (this.trace?.recording !== undefined) endCallSpan(this.trace.recording, ending);
    logCall(this, ending, this.#telling.loggedSuccesses);
  }
}

function interruptAtDeadline(call: OpenCall): void {
  call.interrupt(deadlineExceeded());
}

function deadlineExceeded(): StatusError {
  return new StatusError(status.DEADLINE_EXCEEDED, "the deadline passed before the call was done");
}
