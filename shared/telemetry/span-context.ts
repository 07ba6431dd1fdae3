/** Between our places and the SDK's span contexts. */

import type { SpanContext, TraceState } from "@opentelemetry/api";
import type { TracePlace } from "../trace.ts";

export function placeOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TracePlace {
  return { traceId, spanId, flags: traceFlags, state: traceState?.serialize() };
}

export function spanContextOf({ traceId, spanId, flags, state }: TracePlace): SpanContext {
  const context = { traceId, spanId, traceFlags: flags };
  return state === undefined ? context : { ...context, traceState: passedOn(state) };
}

/** We have nothing of our own to say in it. */
function passedOn(text: string): TraceState {
  const state: TraceState = { get: () => undefined, set: () => state, unset: () => state, serialize: () => text };
  return state;
}
