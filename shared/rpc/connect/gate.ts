/** A call on the Connect port from its headers to its handler: all that happens while connect-es reads and decodes it. */

import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import type { Identity } from "../../auth/identity.ts";
import type { Delivery } from "../wire/answer-time.ts";
import { authenticate } from "../call/authenticate.ts";
import { admitCaller, type Chain, limitRefused } from "../call/chain.ts";
import { connectError } from "./error.ts";
import { StatusError } from "../../status-error.ts";
import { statusErrorOf } from "../as-status.ts";
import type { OpenCall } from "../call/open-call.ts";
import { originInWeb } from "../../telemetry/origin.ts";
import { rateLimitHeaders } from "../call/quota.ts";
import type { Route } from "../route.ts";

interface Admission {
  readonly call: OpenCall;
  decoded: boolean;
}

const deliveryKey = createContextKey<Delivery | undefined>(undefined);
const admissionKey = createContextKey<Admission | undefined>(undefined);

/** What connect-es passes on, unseen, from the request to the gate. */
export function contextOf(delivery: Delivery): ContextValues {
  return createContextValues().set(deliveryKey, delivery);
}

/**
 * Opens the call and learns who makes it, before its body is read. Throws ConnectError to turn it away.
 *
 * connect-es tells only the client if it cannot decode the body. All that we see of it is `context.signal`, which it
 * aborts with its error just before it sends that: here such a call gets its end and its line in the log.
 */
export async function admitRequest(chain: Chain, route: Route, context: HandlerContext): Promise<void> {
  const { method, log } = route;
  const origin = originInWeb(context.requestHeader);
  const { protocolName: transport } = context;
  const call = chain.calls.open({ method, log, transport, timeoutMs: context.timeoutMs(), origin });
  const admission: Admission = { call, decoded: false };
  const delivery = context.values.get(deliveryKey);
  if (delivery !== undefined) delivery.call = call;
  context.values.set(admissionKey, admission);
  const onAbort = (): void => {
    if (admission.decoded) {
      call.abandon();
      return;
    }
    const ending = endingOfRequest(context.signal.reason);
    // Ends the wait for who calls, too: nobody would tell it otherwise.
    call.interrupt(ending);
    call.close(ending);
  };
  context.signal.addEventListener("abort", onAbort, { once: true });
  if (context.signal.aborted) onAbort();
  try {
    const authorization = context.requestHeader.get("authorization") ?? undefined;
    call.identity = await identified(chain, route, authorization, call);
    await admitCaller(chain, route, call);
  } catch (thrown) {
    throw connectError(statusErrorOf(thrown, chain.errorDomain));
  } finally {
    if (call.quota !== undefined) {
      for (const [name, value] of Object.entries(rateLimitHeaders(call.quota))) context.responseHeader.set(name, value);
    }
  }
}

async function identified(
  chain: Chain,
  route: Route,
  authorization: string | undefined,
  call: OpenCall,
): Promise<Identity> {
  try {
    return await authenticate(chain.authentication, route, authorization, call);
  } catch (thrown) {
    await limitRefused(chain, route, call, thrown);
    throw thrown;
  }
}

/** The call that `admitRequest` opened, now that its message is decoded. From here on the chain ends it. */
export function admittedCall(context: HandlerContext): OpenCall {
  const admission = context.values.get(admissionKey);
  if (admission === undefined) throw new Error("the call did not come through the gate");
  admission.decoded = true;
  return admission.call;
}

/** The messages of a conversation, which are read and decoded after its handler has begun. Throws nothing but StatusError. */
export async function* receivedMessages(requests: AsyncIterable<Message>): AsyncGenerator<Message> {
  try {
    yield* requests;
  } catch (reason) {
    throw endingOfRequest(reason);
  }
}

/** The ending of a call whose request could not be read or decoded. */
function endingOfRequest(reason: unknown): StatusError {
  if (!(reason instanceof ConnectError)) {
    return new StatusError(status.CANCELLED, "the client left", undefined, reason);
  }
  if (reason.cause instanceof StatusError) return reason.cause;
  // Whatever fails in here fails on what the client sent. connect-es calls a body that is not the message "internal" and
  // would answer 500, which wakes an operator; it reads the code only after this.
  if (reason.code === Code.Internal) Object.assign(reason, { code: Code.InvalidArgument });
  return new StatusError(reason.code as number, reason.rawMessage, undefined, reason);
}
