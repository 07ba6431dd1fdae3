/**
 * What an RPC is to the code that implements it: a plain function from a message to a message. It knows nothing of gRPC,
 * Connect or HTTP; the two adapters beside this file bring calls here, and `chain.ts` is what they both go through.
 */

import type { DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Entitled } from "../auth/access.ts";
import type { Refusal } from "../errors.ts";
import type { Trace } from "../trace.ts";

/** What a handler knows of a call beside its message: who calls, how long that counts, and whom to tell. */
export interface Call extends Entitled {
  readonly method: DescMethod;
  /** Aborted when no client waits for the answer any more: it left, the deadline passed, or the service stops. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, on the scale of `performance.now()`. `Infinity` for a stream without a deadline. */
  readonly deadline: number;
  /** The subject of the caller's token, for the records. */
  readonly actor: string;
  /** What belongs to the call in other processes: see shared/telemetry/trace.ts. */
  readonly trace?: Trace | undefined;
  readonly log: Logger;
  /** Ends the call with a refusal at once, also while its handler waits for the client to take a message and cannot throw. */
  interrupt(reason: Refusal): void;
}

export type UnaryHandler<M extends DescMethod> = (
  request: MessageShape<M["input"]>,
  call: Call,
) => Promise<MessageInitShape<M["output"]>>;

export type StreamHandler<M extends DescMethod> = (
  request: MessageShape<M["input"]>,
  call: Call,
) => AsyncIterable<MessageInitShape<M["output"]>>;

/** Both sides stream. Only server reflection speaks like this; our own contracts do not. */
export type ConversationHandler<M extends DescMethod> = (
  requests: AsyncIterable<MessageShape<M["input"]>>,
  call: Call,
) => AsyncIterable<MessageInitShape<M["output"]>>;

export type Handler<M extends DescMethod> = M extends { methodKind: "unary" }
  ? UnaryHandler<M>
  : M extends { methodKind: "server_streaming" }
    ? StreamHandler<M>
    : M extends { methodKind: "bidi_streaming" }
      ? ConversationHandler<M>
      : never;

/** One handler for every method of a service. A method that is forgotten does not compile. */
export type Handlers<S extends DescService> = {
  readonly [K in keyof S["method"]]: Handler<S["method"][K]>;
};
