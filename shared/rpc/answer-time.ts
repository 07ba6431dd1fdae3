/**
 * Answers that nobody takes. A client that opens no window for them, or no longer reads its connection, leaves them in our
 * memory with all that belongs to their calls; refusals too, so that not even a token is needed for it.
 */

import type { ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Identity } from "../auth/identity.ts";
import { nobody } from "../auth/identity.ts";
import { monotonicMs } from "../clock.ts";
import { Refusal } from "../errors.ts";
import { statusErrorOf } from "./errors.ts";
import type { OpenCall } from "./open-call.ts";
import type { WireLimits } from "./wire-limits.ts";

/** What an answer goes out by: a stream of HTTP/2, or a response of HTTP/1.1. It closes when the client has taken it all. */
export type Carrier = ServerHttp2Stream | ServerResponse;

/** A call as long as its carrier is open. */
export interface Answering {
  /** Who calls, where that is known before there is a call: on the gRPC port. */
  caller: Identity;
  /** Undefined until somebody has begun to answer; for good, if that was a library and none of our handlers. */
  call: OpenCall | undefined;
  /** When it was first seen that nothing more is to come from us. */
  completeSince: number | undefined;
}

export interface Answers {
  /** To be called with everything that is to be answered. */
  open(carrier: Carrier): Answering;
  /** Undefined once the carrier has closed. */
  of(carrier: Carrier): Answering | undefined;
  close(): void;
}

/**
 * Cuts off clients that have not taken an answer in time since it was complete, and interrupts streams whose reader has left
 * a message waiting for as long. A stream that is merely idle lives on. By a look at all of them now and then: a timer for
 * each would cost more than many a call.
 */
export function limitAnswerTime(wire: WireLimits, errorDomain: string): Answers {
  const { answerTimeoutMs, timeoutCheckIntervalMs } = wire;
  const carriers = new Map<Carrier, Answering>();
  function forget(this: Carrier): void {
    carriers.delete(this);
  }
  const look = (): void => {
    const now = monotonicMs();
    for (const [carrier, answering] of carriers) {
      const { call } = answering;
      if (isComplete(carrier, call)) {
        answering.completeSince ??= now;
        if (now - answering.completeSince >= answerTimeoutMs) cutOff(carrier);
      } else if (call?.offeredAt !== undefined && now - call.offeredAt > answerTimeoutMs) {
        call.interrupt(statusErrorOf(readTooSlowly(), errorDomain));
      }
    }
  };
  const timer = setInterval(look, timeoutCheckIntervalMs);
  timer.unref();
  return {
    open(carrier) {
      const answering: Answering = { caller: nobody, call: undefined, completeSince: undefined };
      carriers.set(carrier, answering);
      carrier.on("close", forget);
      return answering;
    },
    of: (carrier) => carriers.get(carrier),
    close: () => clearInterval(timer),
  };
}

/** How a stream ends that is not read. Only a feed has so much to say that this could happen to an honest reader. */
export function readTooSlowly(): Refusal {
  return new Refusal("WATCH_LAGGED", "the messages were read too slowly; watch again from the last sequence seen");
}

/** A call that is closed has given its whole answer, and what a library answers by itself, it gives at once. */
function isComplete(carrier: Carrier, call: OpenCall | undefined): boolean {
  return call === undefined ? carrier.headersSent : call.isClosed;
}

function cutOff(carrier: Carrier): void {
  if ("close" in carrier) carrier.close(constants.NGHTTP2_CANCEL);
  // A stream that is reset still keeps what it has to send, until its connection takes that; which may be what nobody reads.
  carrier.destroy();
}
