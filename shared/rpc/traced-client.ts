/** The trace of a call, on its way to a peer: a span for what is asked there, and the headers that the peer goes on with. */

import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { traceHeadersOf } from "../telemetry/trace-context.ts";
import { callAttributes } from "../telemetry/call-attributes.ts";
import type { Recording, Trace } from "../trace.ts";

const traceKey = createContextKey<Trace | undefined>(undefined);

/** To be given to a call to a peer, for which of our calls it is made. */
export function tracedFor(trace: Trace | undefined): ContextValues | undefined {
  return trace === undefined ? undefined : createContextValues().set(traceKey, trace);
}

/** The same as an option of a client's method. */
export function tracedOption(trace: Trace | undefined): { readonly contextValues?: ContextValues } {
  return trace === undefined ? {} : { contextValues: createContextValues().set(traceKey, trace) };
}

/** Of a stream, the span ends when its answer begins: how long it stays open says nothing about the peer. */
export const tracing: Interceptor = (next) => async (request) => {
  const trace = request.contextValues.get(traceKey);
  if (trace === undefined) return next(request);
  const name = `${request.service.typeName}/${request.method.name}`;
  const attributes = callAttributes(name, "connect");
  const span = trace.recording?.begin(name, { kind: "client", attributes });
  const place = span?.place ?? trace.place;
  const headers = place === undefined ? {} : traceHeadersOf(place);
  for (const [header, value] of Object.entries(headers)) request.header.set(header, value);
  if (trace.requestId !== undefined) request.header.set("x-request-id", trace.requestId);
  try {
    const response = await next(request);
    span?.note({ "rpc.response.status_code": status[status.OK] });
    return response;
  } catch (error) {
    if (span !== undefined) noteError(span, error);
    throw error;
  } finally {
    span?.end();
  }
};

/** What a peer answers that cannot be reached, or is broken. */
const FAILURES: ReadonlySet<Code> = new Set([Code.Internal, Code.Unknown, Code.DataLoss, Code.Unavailable]);

/** A refusal is an answer like any other. */
function noteError(span: Recording, error: unknown): void {
  const known = error instanceof ConnectError ? error : undefined;
  const code = known?.code ?? Code.Unknown;
  const name = status[code as number];
  const reason = known?.findDetails(ErrorInfoSchema)[0]?.reason;
  span.note({ "rpc.response.status_code": name });
  if (reason !== undefined) span.note({ "slotwright.reason": reason });
  else if (FAILURES.has(code)) {
    span.note({ "error.type": name });
    span.fail();
  }
}
