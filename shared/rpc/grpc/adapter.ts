/**
 * The adapter to grpc-js. It passes encoded messages through: our own chain decodes, after it knows who calls. This is
 * the hot path of the service: what it does per call, it does ten thousand times a second.
 */

import {
  Metadata,
  type MethodDefinition,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import type { ServerHttp2Stream } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import type { Answers } from "../wire/answer-time.ts";
import { answerBytes, type Chain, streamBytes } from "../call/chain.ts";
import { type StatusError, statusErrorOf } from "../as-status.ts";
import type { OpenCall } from "../call/open-call.ts";
import type { Route } from "../route.ts";

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

export function grpcHandler(chain: Chain, route: Route, answers: Answers): UntypedHandleCall {
  const opened = (grpcCall: AnyCall): OpenCall => open(chain, route, answers, grpcCall);
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
    (ending: StatusError) => respond(grpcStatus(ending)),
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
    grpcCall.emit("error", grpcStatus(statusErrorOf(thrown, chain.errorDomain)));
  }
}

function open(chain: Chain, route: Route, answers: Answers, grpcCall: AnyCall): OpenCall {
  const deadline = Number(grpcCall.getDeadline());
  const timeoutMs = deadline === Infinity ? undefined : deadline - Date.now();
  const call = chain.calls.open({ method: route.method, log: route.log, transport: "grpc", timeoutMs });
  // grpc-js says `cancelled` once and after every call, at its regular end too; then the call is closed and this does nothing.
  grpcCall.on("cancelled", () => call.abandon());
  const answering = answers.of(streamOf(grpcCall));
  // A client that has left already stays nobody, who may do nothing.
  if (answering === undefined) return call;
  call.identity = answering.caller;
  answering.call = call;
  return call;
}

/** The HTTP/2 stream of a call, which grpc-js keeps to itself. Should a newer version lack it, every test fails here. */
function streamOf(grpcCall: AnyCall): ServerHttp2Stream {
  return (grpcCall as unknown as GrpcCallInternals).call.stream;
}

interface GrpcCallInternals {
  readonly call: { readonly stream: ServerHttp2Stream };
}

/** The status in grpc-js's terms. Details travel as a `google.rpc.Status`, which is where every client looks for them. */
function grpcStatus(ending: StatusError): Partial<StatusObject> {
  const metadata = new Metadata();
  // grpc-js percent-encodes the message and throws on text that is not well formed.
  const message = ending.message.toWellFormed();
  if (ending.details.length > 0) {
    const details = ending.details.map(({ desc, bytes }) => ({
      typeUrl: `type.googleapis.com/${desc.typeName}`,
      value: bytes,
    }));
    const bytes = toBinary(StatusSchema, create(StatusSchema, { code: ending.code, message, details }));
    metadata.set("grpc-status-details-bin", bufferOf(bytes));
  }
  return { code: ending.code, details: message, metadata };
}

/** As V8 has it: so few bytes of a typed array are in its heap, until somebody asks for their buffer. */
const ON_HEAP_MAX_BYTES = 64;

/** The same bytes as grpc-js wants them. No copy, except of what would have to be moved for it. */
function bufferOf(bytes: Uint8Array): Buffer {
  if (bytes.length <= ON_HEAP_MAX_BYTES) return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
