/**
 * Answers that their clients do not take. A client that opens no window for an answer, or no longer reads its connection,
 * leaves the answer in our memory with all that belongs to its call. That includes refusals, so the client needs no token.
 */

import type { ServerResponse } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { type Identity, nobody } from "../../auth/identity.ts";
import { monotonicMs } from "../../clock.ts";
import type { Origin } from "../../telemetry/origin.ts";
import type { WireLimits } from "./limits.ts";

/** What an answer goes out by: a stream of HTTP/2, or a response of HTTP/1.1. It closes when the client has taken it all. */
export type Carrier = ServerHttp2Stream | ServerResponse;

/** What a call tells of its answer. */
export interface AnsweredCall {
  /** Whether the call has given its whole answer. */
  readonly isClosed: boolean;
  /** Since when a message of the stream waits for its reader; undefined while none does. */
  readonly offeredAt: number | undefined;
}

/** One answer on its way, as long as its carrier is open. */
export interface Delivery {
  /** Who calls, where that is known before there is a call: on the gRPC port. */
  caller: Identity;
  /** Where the call comes from, likewise. */
  origin: Origin | undefined;
  /** Undefined until a handler of ours begins to answer; it stays undefined if a library answers instead. */
  call: AnsweredCall | undefined;
  /** When we first saw that the answer is complete and waits for the client. */
  waitingSince: number | undefined;
}

export interface Deliveries {
  /** To be called with every carrier, before anything is answered on it. */
  open(carrier: Carrier): Delivery;
  /** Undefined once the carrier has closed. */
  of(carrier: Carrier): Delivery | undefined;
  close(): void;
}

/**
 * Cuts off clients that do not take a complete answer, or a message of a stream, in time; the feed tells its readers so a
 * moment before. A stream that is merely idle lives on. One timer looks at all deliveries now and then: a timer for each
 * would cost more than most calls do.
 */
export function limitAnswerTime({ answerTimeoutMs, timeoutCheckIntervalMs }: WireLimits): Deliveries {
  const deliveries = new Map<Carrier, Delivery>();
  function forget(this: Carrier): void {
    deliveries.delete(this);
  }
  const look = (): void => {
    const now = monotonicMs();
    for (const [carrier, delivery] of deliveries) {
      if (isComplete(carrier, delivery)) delivery.waitingSince ??= now;
      const since = delivery.waitingSince ?? delivery.call?.offeredAt;
      if (since !== undefined && now - since >= answerTimeoutMs) cutOff(carrier);
    }
  };
  const timer = setInterval(look, timeoutCheckIntervalMs);
  timer.unref();
  return {
    open(carrier) {
      const delivery: Delivery = { caller: nobody, origin: undefined, call: undefined, waitingSince: undefined };
      deliveries.set(carrier, delivery);
      carrier.on("close", forget);
      return delivery;
    },
    of: (carrier) => deliveries.get(carrier),
    close: () => clearInterval(timer),
  };
}

/** A call that is closed has given its whole answer. What a library answers by itself, it gives at once. */
function isComplete(carrier: Carrier, { call }: Delivery): boolean {
  return call === undefined ? carrier.headersSent : call.isClosed;
}

function cutOff(carrier: Carrier): void {
  if ("close" in carrier) carrier.close(constants.NGHTTP2_CANCEL);
  // A reset stream keeps its unsent bytes until the connection accepts them, and the client may not be reading the connection
  // at all. So the stream is destroyed too.
  carrier.destroy();
}
