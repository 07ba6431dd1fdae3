/** The span of a call, by the semantic conventions of OpenTelemetry for RPC. */

import { type Attributes, ROOT_CONTEXT, SpanKind, trace as spans, type Tracer } from "@opentelemetry/api";
import type { Keeping } from "./keeping.ts";
import type { Recording, TracePlace } from "../trace.ts";
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

export interface Begun {
  readonly place: TracePlace;
  readonly recording: Recording | undefined;
}

/** Begins the span of a call, below the span of its caller if that is known. It is not recorded if its trace is not kept. */
export function beginCallSpan(
  tracer: Tracer,
  { name, transport, startedAt, keeping }: ArrivedCall,
  parent: TracePlace | undefined,
): Begun {
  // Whoever is behind us belongs to the caller's span then.
  if (parent !== undefined && !isSampled(parent)) return { place: parent, recording: undefined };
  const context =
    parent === undefined
      ? ROOT_CONTEXT
      : spans.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), isRemote: true });
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: startedAt }, context);
  const place = placeOf(span.spanContext());
  if (!span.isRecording()) return { place, recording: undefined };
  span.setAttributes(callAttributes(name, transport));
  return { place, recording: new RecordedSpan(tracer, span, keeping) };
}

/** What is told of every call, of one to a peer too. */
export function callAttributes(methodName: string, transport: string): Attributes {
  // OpenTelemetry has a name for Connect's own protocol. The others are called as everywhere.
  return { "rpc.method": methodName, "rpc.system.name": transport === "connect" ? "connectrpc" : transport };
}
