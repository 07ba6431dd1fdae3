/** Begins the traces and the spans of calls. */

import { randomUUID } from "node:crypto";
import { ROOT_CONTEXT, SpanKind, trace as spans, type Tracer } from "@opentelemetry/api";
import type { Trace, TracePlace } from "../trace.ts";
import { callAttributes } from "./call-attributes.ts";
import type { Keeping } from "./keeping.ts";
import { RecordedSpan } from "./recording.ts";
import { placeOf, spanContextOf } from "./span-context.ts";
import { isSampled } from "./trace-context.ts";

export interface ArrivedCall {
  /** `booking.v1.BookingService/CreateBooking` */
  readonly name: string;
  /** The protocol that it came by, as our log calls it. */
  readonly transport: string;
  /** On the scale of `monotonicMs`. */
  readonly startedAt: number;
  /** What decides whether it is kept, where that is not known yet. */
  readonly keeping: Keeping | undefined;
}

export interface CallTracer {
  /**
   * The trace of a call, with the call's own span if it is kept. `said`: what the caller has said of it, whose word counts if it
   * names a trace.
   */
  begin(call: ArrivedCall, said: Trace | undefined): Trace;
}

/** `sampled`: how many of the traces that begin here are kept, from 0 to 1. */
export function callTracer(tracer: Tracer, sampled: number): CallTracer {
  return {
    begin({ name, transport, startedAt, keeping }, said) {
      const parent = said?.place;
      const requestId = said?.requestId;
      // Decided here and not by the SDK, which would make half a span of each call first.
      if (parent === undefined && Math.random() >= sampled) return new UnkeptTrace(requestId);
      // Whoever is behind us belongs to the caller's span then.
      if (parent !== undefined && !isSampled(parent)) return { requestId, place: parent, recording: undefined };
      const context =
        parent === undefined
          ? ROOT_CONTEXT
          : spans.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), isRemote: true });
      const attributes = callAttributes(name, transport);
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: startedAt, attributes }, context);
      const place = placeOf(span.spanContext());
      return { requestId, place, recording: new RecordedSpan(tracer, span, keeping) };
    },
  };
}

/** A trace that begins here and is not kept. Its ids are for the log and for peers, and are made when they are first read. */
class UnkeptTrace implements Trace {
  readonly requestId: string | undefined;
  readonly recording = undefined;
  #place: TracePlace | undefined;

  constructor(requestId: string | undefined) {
    this.requestId = requestId;
  }

  get place(): TracePlace {
    return (this.#place ??= { traceId: randomHex(), spanId: randomHex().slice(0, 16), flags: 0, state: undefined });
  }
}

/** 32 hexadecimal digits, six bits of which are always the same. */
function randomHex(): string {
  return randomUUID().replaceAll("-", "");
}
