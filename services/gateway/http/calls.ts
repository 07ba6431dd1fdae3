/** One call from its headers to its answer. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { DEADLINE_MAX_MS } from "../../../shared/limits.ts";
import { timeoutWithin } from "../../../shared/caller.ts";
import { inCallersWords } from "../../../shared/rpc/as-status.ts";
import type { OpenCall } from "../../../shared/rpc/call/open-call.ts";
import type { OpenCalls } from "../../../shared/rpc/call/open-calls.ts";
import { requestIdIn } from "../../../shared/telemetry/origin.ts";
import { tracedFor } from "../../../shared/rpc/traced-client.ts";
import { tracePlaceIn } from "../../../shared/telemetry/trace-context.ts";
import { answerOf } from "../answers/answer.ts";
import { headersBack } from "../answers/headers-back.ts";
import { malformedPath, methodNotAllowed, notJson, nothingThere } from "../answers/http-error.ts";
import { streamForm } from "../answers/stream-form.ts";
import { streamTexts } from "../upstream/stream.ts";
import type { Contract } from "../contract/contract.ts";
import { brokenRules } from "../contract/broken-rules.ts";
import type { Binding } from "../transcoding/binding.ts";
import { requestMessage } from "../transcoding/request.ts";
import type { RouteTable } from "../transcoding/table.ts";
import { type Backends, packageOf } from "../upstream/backends.ts";
import type { EndingOf } from "../upstream/ending.ts";
import { hasAdmitted } from "../upstream/admitted.ts";
import { assertShowsToken, headersOnward, timeoutAsked } from "../upstream/headers.ts";
import { readBody } from "./read-body.ts";

export interface CallDependencies {
  readonly contract: Contract;
  readonly table: RouteTable;
  readonly backends: Backends;
  readonly endingOf: EndingOf;
  readonly calls: OpenCalls;
  /** Whether a caller is told why its token was refused. */
  readonly tellsWhy: boolean;
  /** The log of each method, made once. */
  readonly logs: ReadonlyMap<DescMethod, Logger>;
}

/** A call whose body has not been read yet. */
export interface Arrived {
  readonly binding: Binding;
  readonly texts: readonly string[];
  readonly query: string;
  readonly requestId: string;
  /** Its holder must `close()` it. */
  readonly call: OpenCall;
}

export interface Reply {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: string | Readable;
}

/** JSON between systems is UTF-8 (RFC 8259, 8.1). Read as that, a text in UTF-16 would be no JSON, or another text. */
const OTHER_CHARSET = /;\s*charset=(?!"?utf-8"?\s*(?:;|$))/i;

/**
 * Opens the call that the request is for. Its time begins to run here: what is spent on the body is spent of its deadline.
 * Throws HttpError if there is no such call, StatusError if its timeout cannot be read.
 */
export function arrive(deps: CallDependencies, request: IncomingMessage, response: ServerResponse): Arrived {
  const [path, query] = splitOnce(request.url ?? "", "?");
  const { binding, texts } = find(deps.table, request.method ?? "", path);
  if ((request.headers["content-encoding"] ?? "identity") !== "identity") throw notJson();
  if (OTHER_CHARSET.test(request.headers["content-type"] ?? "")) throw notJson();
  const timeoutMs = timeoutAsked(request.headers);
  const { method } = binding;
  const log = deps.logs.get(method);
  if (log === undefined) throw new Error(`${method.name} has no log`);
  const origin = { requestId: requestIdOf(request), parent: tracePlaceIn(request.headers) };
  const call = deps.calls.open({ method, log, transport: "json", timeoutMs, origin });
  call.beginTrace("nobody");
  call.trace?.recording?.note({ "http.request.method": request.method, "http.route": binding.path });
  // The end of every call, however it went: a stream that was never begun, for one, would not close it. After an
  // answer that was sent nothing happens, because the call has been closed then.
  response.once("close", () => {
    call.abandon();
    call.close(call.interruption);
  });
  return { binding, texts, query, requestId: origin.requestId, call };
}

/** Answers a call. Closes it if all goes well; the answer of a stream closes it at its end. */
export async function answer(deps: CallDependencies, arrived: Arrived, request: IncomingMessage): Promise<Reply> {
  const { binding, texts, query, call } = arrived;
  assertShowsToken(request, deps.tellsWhy);
  const body = binding.httpMethod === "GET" ? new Uint8Array() : await call.wait(readBody(request));
  const input = { texts, query, body, headers: request.headers };
  const { message, words } = requestMessage(binding, input, brokenRules);
  const onward = headersOnward(request);
  try {
    return await (binding.method.methodKind === "unary"
      ? answerUnary(deps, arrived, message, onward)
      : answerStream(deps, arrived, message, onward, request.headers.accept));
  } catch (thrown) {
    if (hasAdmitted(thrown)) call.keepTrace();
    // The service was sent the message in binary, and names fields as the contract does.
    throw inCallersWords(deps.endingOf(thrown, packageOf(binding.method)), words);
  }
}

async function answerUnary(
  { backends, contract }: CallDependencies,
  { binding, call }: Arrived,
  message: Message,
  onward: Headers,
): Promise<Reply> {
  const method = binding.method as DescMethodUnary;
  const timeoutMs = timeoutWithin(call.deadline, DEADLINE_MAX_MS);
  const sent = backends
    .transportOf(method)
    .unary(method, call.signal, timeoutMs, onward, message, tracedFor(call.trace));
  const response = await call.wait(sent);
  call.keepTrace();
  const { httpStatus, headers, body } = answerOf(binding, response.message, contract.types);
  call.close(undefined);
  return {
    httpStatus,
    headers: { ...headersBack(response.header), ...headers },
    contentType: "application/json",
    body: JSON.stringify(body),
  };
}

async function answerStream(
  { backends, contract, endingOf }: CallDependencies,
  { binding, call }: Arrived,
  message: Message,
  onward: Headers,
  accept: string | undefined,
): Promise<Reply> {
  const method = binding.method as DescMethodStreaming;
  const timeoutMs = call.deadline === Infinity ? undefined : timeoutWithin(call.deadline, DEADLINE_MAX_MS);
  // A call that has ended already would never give its place back.
  if (call.interruption !== undefined) throw call.interruption;
  const { transport, release } = backends.streamPlace(method);
  call.onClose = release;
  const traced = tracedFor(call.trace);
  const response = await call.wait(transport.stream(method, call.signal, timeoutMs, onward, single(message), traced));
  const messages = response.message[Symbol.asyncIterator]();
  // A refusal comes before the first message, and while nothing has been sent it can still have its own HTTP status.
  const first = await call.wait(messages.next());
  call.keepTrace();
  const form = streamForm(accept, method.output, contract.types);
  if (first.done === true) {
    call.close(undefined);
    return { httpStatus: 200, headers: headersBack(response.header), contentType: form.contentType, body: "" };
  }
  return {
    httpStatus: 200,
    // Proxies that collect an answer before they pass it on would keep events for ever.
    headers: { ...headersBack(response.header), "x-accel-buffering": "no" },
    contentType: form.contentType,
    body: Readable.from(streamTexts(call, first.value, messages, form, endingOf)),
  };
}

/** The caller's name for the call; ours if it has none. */
export function requestIdOf(request: IncomingMessage): string {
  return requestIdIn(request.headers) ?? randomUUID();
}

function find(table: RouteTable, httpMethod: string, path: string): { binding: Binding; texts: readonly string[] } {
  const own = table.find(httpMethod, path);
  const isFound = typeof own !== "string" && "binding" in own;
  // HEAD is GET without the body, which Node leaves out by itself. A stream's body is all there is to it.
  const found = httpMethod === "HEAD" && !isFound ? table.find("GET", path) : own;
  if (found === "nothing") throw nothingThere();
  if (found === "malformed") throw malformedPath();
  if ("allowed" in found) throw methodNotAllowed(found.allowed);
  if (httpMethod === "HEAD" && found.binding.method.methodKind !== "unary") throw methodNotAllowed(["GET"]);
  return found;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

async function* single(message: Message): AsyncGenerator<Message> {
  yield message;
}
