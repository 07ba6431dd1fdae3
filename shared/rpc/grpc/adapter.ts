/**
 * The adapter to grpc-js. It passes encoded messages through: our own chain decodes, after it knows who calls. This is
 * the hot path of the service: what it does per call, it does ten thousand times a second.
 */

import type {
  MethodDefinition,
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import type { ServerHttp2Stream } from "node:http2";
import type { Deliveries } from "../wire/answer-time.ts";
import { answerBytes, type Chain, streamBytes } from "../call/chain.ts";
import type { StatusError } from "../../status-error.ts";
import { statusErrorOf } from "../as-status.ts";
import type { OpenCall } from "../call/open-call.ts";
import type { Route } from "../route.ts";
import { bufferOf } from "./bytes.ts";
import { grpcError } from "./error.ts";

type UnaryRoute = Extract<Route, { kind: "unary" }>;
type StreamRoute = Exclude<Route, { kind: "unary" }>;
type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
interface AnyCall {
  getDeadline(): Date | number;
  on(event: "cancelled", listener: () => void): unknown;
}

/** What is common to a call that only answers with a stream and one that receives a stream too. */
interface StreamCall extends AnyCall {
  write(answer: Buffer): boolean;
  end(): void;
  once(event: "drain", listener: () => void): unknown;
  emit(event: "error", ending: Partial<StatusObject>): unknown;
}

export function grpcDefinition(route: Route): MethodDefinition<Buffer, Buffer> {
  return {
    path: route.path,
    requestStream: route.kind === "bidi_streaming",
    responseStream: route.kind !== "unary",
    requestSerialize: unchanged,
    requestDeserialize: unchanged,
    responseSerialize: unchanged,
    responseDeserialize: unchanged,
  };
}

export function grpcHandler(chain: Chain, route: Route, deliveries: Deliveries): UntypedHandleCall {
  const opened = (grpcCall: AnyCall): OpenCall => open(chain, route, deliveries, grpcCall);
  if (route.kind === "unary") {
    return (call: UnaryCall, respond: sendUnaryData<Buffer>) => answerUnary(chain, route, opened(call), call, respond);
  }
  if (route.kind === "server_streaming") {
    return (call: ServerWritableStream<Buffer, Buffer>) =>
      void answerStream(chain, route, opened(call), call, single(call.request));
  }
  return (call: ServerDuplexStream<Buffer, Buffer>) =>
    void answerStream(chain, route, opened(call), call, received(call));
}

function answerUnary(
  chain: Chain,
  route: UnaryRoute,
  call: OpenCall,
  grpcCall: UnaryCall,
  respond: sendUnaryData<Buffer>,
): void {
  answerBytes(chain, route, call, grpcCall.request).then(
    (answer) => respond(null, bufferOf(answer)),
    (ending: StatusError) => respond(grpcError(ending)),
  );
}

async function answerStream(
  chain: Chain,
  route: StreamRoute,
  call: OpenCall,
  grpcCall: StreamCall,
  requests: AsyncIterable<Uint8Array>,
): Promise<void> {
  const drained = (): Promise<void> => new Promise((resolve) => void grpcCall.once("drain", resolve));
  try {
    for await (const answer of streamBytes(chain, route, call, requests)) {
      // A reader that is slow makes the handler wait, rather than fill our memory.
      if (!grpcCall.write(bufferOf(answer))) await call.wait(drained());
    }
    grpcCall.end();
  } catch (thrown) {
    // grpc-js takes the status from an `error` event and then ends the stream.
    grpcCall.emit("error", grpcError(statusErrorOf(thrown, chain.errorDomain)));
  }
}

function open(chain: Chain, route: Route, deliveries: Deliveries, grpcCall: AnyCall): OpenCall {
  const deadline = Number(grpcCall.getDeadline());
  const timeoutMs = deadline === Infinity ? undefined : deadline - Date.now();
  const delivery = deliveries.of(streamOf(grpcCall));
  const { method, log } = route;
  const call = chain.calls.open({ method, log, transport: "grpc", timeoutMs, origin: delivery?.origin });
  // grpc-js says `cancelled` once and after every call, at its regular end too; then the call is closed and this does nothing.
  grpcCall.on("cancelled", () => call.abandon());
  // The client has left already. The call keeps the identity `nobody`, which may do nothing.
  if (delivery === undefined) return call;
  call.identity = delivery.caller;
  delivery.call = call;
  return call;
}

/** The HTTP/2 stream of a call, which grpc-js keeps to itself. Should a newer version lack it, every test fails here. */
function streamOf(grpcCall: AnyCall): ServerHttp2Stream {
  return (grpcCall as unknown as GrpcCallInternals).call.stream;
}

interface GrpcCallInternals {
  readonly call: { readonly stream: ServerHttp2Stream };
}

/** What a client streams. Iterated as usual, a stream that is read to its end is destroyed, and our answers with it. */
function received(call: ServerDuplexStream<Buffer, Buffer>): AsyncIterable<Buffer> {
  return call.iterator({ destroyOnReturn: false });
}

async function* single(request: Buffer): AsyncGenerator<Buffer> {
  yield request;
}

function unchanged(bytes: Buffer): Buffer {
  return bytes;
}
