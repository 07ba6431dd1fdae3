/**
 * Answers that nobody takes. A client that opens no window for them, or no longer reads its connection, leaves them in our
 * memory with all that belongs to their calls; refusals too, so that not even a token is needed for it.
 */

import type { ServerResponse } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { type Identity, nobody } from "../../auth/identity.ts";
import { monotonicMs } from "../../clock.ts";
import type { OpenCall } from "../call/open-call.ts";
import type { WireLimits } from "./limits.ts";

/** What an answer goes out by: a stream of HTTP/2, or a response of HTTP/1.1. It closes when the client has taken it all. */
export type Carrier = ServerHttp2Stream | ServerResponse;

/** A call as long as its carrier is open. */
export interface Answering {
  /** Who calls, where that is known before there is a call: on the gRPC port. */
  caller: Identity;
  /** Undefined until somebody has begun to answer; for good, if that was a library and none of our handlers. */
  call: OpenCall | undefined;
  /** When it was first seen that nothing more is to come from us, and all is waiting for the client. */
  waitingSince: number | undefined;
}

export interface Answers {
  /** To be called with everything that is to be answered. */
  open(carrier: Carrier): Answering;
  /** Undefined once the carrier has closed. */
  of(carrier: Carrier): Answering | undefined;
  close(): void;
}

/**
 * Cuts off clients that do not take an answer in time once it is complete, or a message of a stream; the feed tells its readers
 * so a moment before. A stream that is merely idle lives on. By a look at all of them now and then: a timer for each would
 * cost more than many a call.
 */
export function limitAnswerTime({ answerTimeoutMs, timeoutCheckIntervalMs }: WireLimits): Answers {
  const carriers = new Map<Carrier, Answering>();
  function forget(this: Carrier): void {
    carriers.delete(this);
  }
  const look = (): void => {
    const now = monotonicMs();
    for (const [carrier, answering] of carriers) {
      if (isComplete(carrier, answering)) answering.waitingSince ??= now;
      const since = answering.waitingSince ?? answering.call?.offeredAt;
      if (since !== undefined && now - since >= answerTimeoutMs) cutOff(carrier);
    }
  };
  const timer = setInterval(look, timeoutCheckIntervalMs);
  timer.unref();
  return {
    open(carrier) {
      const answering: Answering = { caller: nobody, call: undefined, waitingSince: undefined };
      carriers.set(carrier, answering);
      carrier.on("close", forget);
      return answering;
    },
    of: (carrier) => carriers.get(carrier),
    close: () => clearInterval(timer),
  };
}

/** A call that is closed has given its whole answer, and what a library answers by itself, it gives at once. */
function isComplete(carrier: Carrier, { call }: Answering): boolean {
  return call === undefined ? carrier.headersSent : call.isClosed;
}

function cutOff(carrier: Carrier): void {
  if ("close" in carrier) carrier.close(constants.NGHTTP2_CANCEL);
  // A stream that is reset still keeps what it has to send, until its connection takes that; which may be what nobody reads.
  carrier.destroy();
}
