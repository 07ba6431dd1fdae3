/** The span of a call, by the semantic conventions of OpenTelemetry for RPC. */

import { type Attributes, ROOT_CONTEXT, SpanKind, trace as spans, type Tracer } from "@opentelemetry/api";
import type { Keeping } from "./keeping.ts";
import type { Recording, TracePlace } from "../trace.ts";
import { RecordedSpan } from "./recording.ts";
import { placeOf, spanContextOf } from "./span-context.ts";
import { isSampled } from "./trace-context.ts";

export interface Begun {
  readonly place: TracePlace;
  readonly recording: Recording | undefined;
}

/** Begins the span of a call, below the span of its caller if that is known. It is not recorded if its trace is not kept. */
export function beginCallSpan(
  tracer: Tracer,
  name: string,
  parent: TracePlace | undefined,
  options: { readonly startedAt: number; readonly attributes: Attributes; readonly keeping: Keeping | undefined },
): Begun {
  // Whoever is behind us belongs to the caller's span then.
  if (parent !== undefined && !isSampled(parent)) return { place: parent, recording: undefined };
  const context =
    parent === undefined
      ? ROOT_CONTEXT
      : spans.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), isRemote: true });
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: options.startedAt }, context);
  const place = placeOf(span.spanContext());
  if (!span.isRecording()) return { place, recording: undefined };
  span.setAttributes(options.attributes);
  return { place, recording: new RecordedSpan(tracer, span, options.keeping) };
}

/** `booking.v1.BookingService/CreateBooking`, and the protocol by the name that our log has for it. */
export function callAttributes(methodName: string, transport: string): Attributes {
  // OpenTelemetry has a name for Connect's own protocol. The others are called as everywhere.
  return { "rpc.method": methodName, "rpc.system.name": transport === "connect" ? "connectrpc" : transport };
}
