/**
 * How traces travel through a process. A call has a `Trace`; whoever is given the call, or its `Caller`, is given the trace with
 * it, and hands it on as an argument: to the lane, to the connection, to the peer. Nothing is found by the async context
 * (AsyncLocalStorage), which would cost every `await` of every call, also of those that nobody traces.
 *
 * - In: a door reads the headers (shared/telemetry/origin.ts), and the call begins its span when its caller is known.
 * - Out: a call to a peer takes `tracedFor(trace)` (shared/rpc/traced-client.ts), which sends headers of the same names.
 * - Many in one: a batch of commands has a span of its own, a child of one of its calls and linked with all of them.
 * - Statements belong to what their connection was taken for (shared/postgres/held-for.ts).
 *
 * While no traces are made, a call has a trace only if its caller names one, to be passed on and to be in the log. Of one that is
 * not sampled there is a place, and no `recording`: so the question `trace?.recording` is all that such a call costs.
 *
 * **Who decides what is kept.** The first process of a trace, by its ratio; later ones do as `traceparent` says. That header is the
 * caller's word, so nothing is recorded before it is known who calls and that it may call so often: what a caller can
 * make us record is bounded by its rate limit, and a stranger's word counts for nothing. The gateway does not know who calls: what it
 * has recorded on the caller's word waits until a service has let the call in (shared/telemetry/keeping.ts).
 */

import type { Attributes } from "@opentelemetry/api";

/** A span, named from outside: what its children and links refer to. */
export interface TracePlace {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  /** Those of trace-context.ts. */
  readonly flags: number;
  /** What other tracing systems say of the trace. It is passed on as it is. */
  readonly state: string | undefined;
}

/** What belongs to one call in all processes. */
export interface Trace {
  /** The name of the call that its caller, or the gateway, has given it. */
  readonly requestId: string | undefined;
  /** Undefined: the call is in no trace. */
  readonly place: TracePlace | undefined;
  /** The call's span, where it is recorded. */
  readonly recording: Recording | undefined;
}

/** A span of a trace that is kept, while it lasts. */
export interface Recording {
  readonly place: TracePlace;
  /** Begins a child. */
  begin(name: string, options?: SpanOptions): Recording;
  note(attributes: Attributes): void;
  link(other: Recording): void;
  /** An operator must look at it. */
  fail(): void;
  /** Only the first time counts. */
  end(): void;
}

export interface SpanOptions {
  /** `client`: it asks another process. Left out: it is work of this one. */
  readonly kind?: "client";
  readonly attributes?: Attributes;
  /** Other spans that it belongs with. */
  readonly links?: readonly Recording[];
}

/** Settles as `wait` does, and is a span of that name, if the call is recorded. */
export function recordWait<T>(trace: Trace | undefined, name: string, wait: () => Promise<T>): Promise<T> {
  const span = trace?.recording?.begin(name);
  return span === undefined ? wait() : wait().finally(() => span.end());
}
