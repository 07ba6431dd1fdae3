/**
 * What every call goes through, by whichever listener it came: authenticate, limit, authorise, decode, handle, log, map
 * errors. The two adapters differ in who decodes: gRPC hands over bytes (`answerBytes`), connect-es decodes by itself between
 * `admitCaller` and `answerMessage`.
 */

import { create, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { TokenRefused } from "../../auth/token-refused.ts";
import { monotonicMs } from "../../clock.ts";
import { ANSWER_MAX_BYTES } from "../../limits.ts";
import { authorise, type Authentication } from "./authenticate.ts";
import { StatusError } from "../../status-error.ts";
import { statusErrorOf } from "../as-status.ts";
import type { OpenCall } from "./open-call.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { Limit } from "./rate-limit.ts";
import type { Answer, Route } from "../route.ts";

export interface Chain {
  readonly calls: OpenCalls;
  readonly authentication: Authentication;
  readonly limit: Limit;
  /** The package that defines the reasons of refusals, such as `booking.v1`. */
  readonly errorDomain: string;
}

type UnaryRoute = Extract<Route, { kind: "unary" }>;
type StreamRoute = Exclude<Route, { kind: "unary" }>;

/**
 * What comes between knowing who calls and looking at the body: whether that is too often, and whether that role may. In
 * this order, so that calls which a role may not make are counted too. Throws Refusal RATE_LIMITED,
 * ROLE_NOT_ALLOWED.
 */
export async function admitCaller(chain: Chain, route: Route, call: OpenCall): Promise<void> {
  await chain.limit(route, call);
  if (call.identity.role !== "NOBODY") call.beginTrace("caller");
  authorise(route, call);
}

/**
 * Counts a call that `authenticate` refuses because its token, which is good, is that of nobody who may call: each costs a look
 * for the user. Throws Refusal RATE_LIMITED instead of what was thrown.
 */
export async function limitRefused(chain: Chain, route: Route, call: OpenCall, thrown: unknown): Promise<void> {
  const token = thrown instanceof StatusError ? thrown.cause : undefined;
  if (token instanceof TokenRefused && token.countedAs !== undefined) await chain.limit(route, call, token.countedAs);
}

/**
 * Answers a unary call whose caller is known and whose message is still encoded. Rejects with nothing but `StatusError`;
 * closes the call.
 */
export function answerBytes(chain: Chain, route: UnaryRoute, call: OpenCall, body: Uint8Array): Promise<Uint8Array> {
  return settle(chain, call, bytesToBytes(chain, route, call, body));
}

/** Answers a unary call whose caller is known and whose message is decoded. Rejects and closes as `answerBytes` does. */
export function answerMessage(chain: Chain, route: UnaryRoute, call: OpenCall, request: Message): Promise<Answer> {
  return settle(chain, call, invoke(route, call, request));
}

/**
 * The answers of a streaming call whose caller is known and whose messages are still encoded, encoded. Throws nothing but
 * `StatusError`; closes the call. Whatever `bodies` throws ends the call too.
 */
export function streamBytes(
  chain: Chain,
  route: StreamRoute,
  call: OpenCall,
  bodies: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  return relay(chain, call, bytesStream(chain, route, call, bodies));
}

/** The answers of a streaming call whose caller is known and whose messages are decoded. */
export function streamMessages(
  chain: Chain,
  route: StreamRoute,
  call: OpenCall,
  requests: AsyncIterable<Message>,
): AsyncGenerator<Answer> {
  return relay(chain, call, invokeStream(route, call, requests));
}

async function bytesToBytes(chain: Chain, route: UnaryRoute, call: OpenCall, body: Uint8Array): Promise<Uint8Array> {
  await admitCaller(chain, route, call);
  const request = decode(route.method.input, body);
  assertWanted(call);
  const answer = await route.handler(request, call);
  return encode(route.method.output, answer);
}

async function* bytesStream(
  chain: Chain,
  route: StreamRoute,
  call: OpenCall,
  bodies: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  await admitCaller(chain, route, call);
  for await (const answer of invokeStream(route, call, decodeEach(route.method.input, bodies))) {
    yield encode(route.method.output, answer);
  }
}

// Asynchronous so that a handler that throws before its first `await` rejects like any other.
async function invoke(route: UnaryRoute, call: OpenCall, request: Message): Promise<Answer> {
  assertWanted(call);
  return route.handler(request, call);
}

async function* invokeStream(
  route: StreamRoute,
  call: OpenCall,
  requests: AsyncIterable<Message>,
): AsyncGenerator<Answer> {
  if (route.kind === "bidi_streaming") {
    assertWanted(call);
    yield* route.handler(requests, call);
    return;
  }
  for await (const request of requests) {
    assertWanted(call);
    yield* route.handler(request, call);
    return;
  }
}

/** A call may be over before its handler begins: its timeout may be a microsecond. Then the handler must not begin. */
function assertWanted(call: OpenCall): void {
  if (call.interruption !== undefined) throw call.interruption;
}

async function settle<T>(chain: Chain, call: OpenCall, work: Promise<T>): Promise<T> {
  try {
    const answer = await call.wait(work);
    call.close(undefined);
    return answer;
  } catch (thrown) {
    const ending = statusErrorOf(thrown, chain.errorDomain);
    call.close(ending);
    throw ending;
  }
}

async function* relay<T>(chain: Chain, call: OpenCall, source: AsyncGenerator<T>): AsyncGenerator<T> {
  const finish = (ending: StatusError | undefined): void => {
    call.close(ending);
    // Not awaited: a handler that ignores its signal must not delay the end of the call, and its error has no reader.
    source.return(undefined).catch(() => undefined);
  };
  // A call that is interrupted ends at once, even while this waits in `yield` for a reader that has gone without a word.
  call.signal.addEventListener("abort", () => finish(call.interruption), { once: true });
  try {
    for (let next = await call.wait(source.next()); next.done !== true; next = await call.wait(source.next())) {
      call.offeredAt = monotonicMs();
      yield next.value;
      call.offeredAt = undefined;
    }
    // A handler that returns because of its signal has not finished: the client must learn that.
    if (call.interruption !== undefined) throw call.interruption;
    finish(undefined);
  } catch (thrown) {
    const ending = statusErrorOf(thrown, chain.errorDomain);
    finish(ending);
    throw ending;
  } finally {
    // Takes effect only if the adapter stopped iterating, which ends this generator at its `yield`.
    finish(new StatusError(status.CANCELLED, "the client left"));
  }
}

function decode(desc: DescMessage, body: Uint8Array): Message {
  try {
    return fromBinary(desc, body, { readUnknownFields: false });
  } catch (cause) {
    throw new StatusError(status.INVALID_ARGUMENT, "the request cannot be decoded", undefined, cause);
  }
}

async function* decodeEach(desc: DescMessage, bodies: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
  for await (const body of bodies) yield decode(desc, body);
}

function encode(desc: DescMessage, answer: Answer): Uint8Array {
  const bytes = toBinary(desc, create(desc, answer));
  if (bytes.length > ANSWER_MAX_BYTES) throw new Error(`an answer of ${bytes.length} bytes exceeds the limit`);
  return bytes;
}
