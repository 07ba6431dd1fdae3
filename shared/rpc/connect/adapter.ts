/**
 * The adapter to connect-es: Connect, gRPC-Web and gRPC, over HTTP/1.1 and HTTP/2. connect-es reads,
 * decompresses, decodes and encodes; who calls is known before it does, and our chain answers.
 */

import type { DescMethod, Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  type HandlerContext,
  type MethodImpl,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { Logger } from "pino";
import { ANSWER_MAX_BYTES, DEADLINE_MAX_MS, REQUEST_MAX_BYTES } from "../../limits.ts";
import type { Delivery, Deliveries } from "../wire/answer-time.ts";
import { joinRepeatedAuthorization } from "../call/bearer.ts";
import { answerMessage, type Chain, streamMessages } from "../call/chain.ts";
import { connectError } from "./error.ts";
import { admitRequest, admittedCall, contextOf, receivedMessages } from "./gate.ts";
import { type Request, type Response, sendAnswer, universalRequest } from "./http.ts";
import { answeringJson, callersWords, strictTextDecoder } from "./json.ts";
import { inCallersWords, statusErrorOf } from "../as-status.ts";
import type { Answer, Route } from "../route.ts";
import { shortenTimeouts } from "../call/timeouts.ts";

/** Answers HTTP requests for the routes. The log gets what goes wrong outside of any call. */
export function connectHandler(
  chain: Chain,
  routes: readonly Route[],
  deliveries: Deliveries,
  log: Logger,
): (request: Request, response: Response) => void {
  const handlers = new Map(routerOf(chain, routes).handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const delivery = deliveries.open("stream" in response ? response.stream : response);
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (handler === undefined) {
      respond(response, 404, { code: "unimplemented", message: "there is no such method" });
      return;
    }
    answer(handler, delivery, request, response).catch((cause: unknown) => {
      // The client left in the middle of its answer; the call's own line says CANCELLED or OK.
      if (ConnectError.from(cause).code !== Code.Aborted) log.error({ err: cause }, "an answer could not be delivered");
      response.destroy();
    });
  };
}

async function answer(
  handler: UniversalHandler,
  delivery: Delivery,
  request: Request,
  response: Response,
): Promise<void> {
  shortenTimeouts(request.headers);
  joinRepeatedAuthorization(request.headers, request.rawHeaders);
  let universal;
  try {
    universal = universalRequest(request, response, contextOf(delivery));
  } catch {
    respond(response, 400, { code: "invalid_argument", message: "the Host header or :authority is malformed" });
    return;
  }
  const send = async (): Promise<void> => sendAnswer(await handler(universal), response);
  await (mayBeJson(request) ? answeringJson(send) : send());
}

/** A GET says so in its query only, which connect-es reads. */
function mayBeJson({ method, headers }: Request): boolean {
  return method === "GET" || /json/i.test(headers["content-type"] ?? "");
}

function refusalOf(thrown: unknown, { errorDomain }: Chain): ConnectError {
  return connectError(inCallersWords(statusErrorOf(thrown, errorDomain), callersWords()));
}

function respond(response: Response, status: number, body: { readonly code: string; readonly message: string }): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

function routerOf(chain: Chain, routes: readonly Route[]): ConnectRouter {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: REQUEST_MAX_BYTES,
    writeMaxBytes: ANSWER_MAX_BYTES,
    maxTimeoutMs: DEADLINE_MAX_MS,
  });
  for (const route of routes) {
    const textDecoder = strictTextDecoder(route.method.input, chain.errorDomain);
    const jsonOptions = { ignoreUnknownFields: false, textDecoder };
    const requestGate = (context: HandlerContext): Promise<void> => admitRequest(chain, route, context);
    router.rpc(route.method, implementation(chain, route), { jsonOptions, requestGate });
  }
  return router;
}

function implementation(chain: Chain, route: Route): MethodImpl<DescMethod> {
  switch (route.kind) {
    case "unary":
      return (async (request: Message, context: HandlerContext) => {
        const call = admittedCall(context);
        try {
          return await answerMessage(chain, route, call, request);
        } catch (thrown) {
          throw refusalOf(thrown, chain);
        }
      }) as MethodImpl<DescMethod>;
    case "server_streaming":
      return ((request: Message, context: HandlerContext) =>
        streamed(chain, route, single(request), context)) as MethodImpl<DescMethod>;
    case "bidi_streaming":
      return ((requests: AsyncIterable<Message>, context: HandlerContext) =>
        streamed(chain, route, receivedMessages(requests), context)) as MethodImpl<DescMethod>;
  }
}

async function* streamed(
  chain: Chain,
  route: Exclude<Route, { kind: "unary" }>,
  requests: AsyncIterable<Message>,
  context: HandlerContext,
): AsyncGenerator<Answer> {
  const call = admittedCall(context);
  try {
    yield* streamMessages(chain, route, call, requests);
  } catch (thrown) {
    throw refusalOf(thrown, chain);
  }
}

async function* single(request: Message): AsyncGenerator<Message> {
  yield request;
}
