import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { status } from "@grpc/grpc-js";
import type { Reason } from "./errors.ts";

/** A message of google/rpc/error_details.proto, and its bytes. */
export interface ErrorDetail {
  readonly desc: DescMessage;
  readonly message: Message;
  readonly bytes: Uint8Array;
}

/** How a call ends that does not end well: what the caller is told. The numbers of gRPC's codes are those of Connect's too. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: status;
  readonly reason: Reason | undefined;
  readonly details: readonly ErrorDetail[];

  /** Without `refusal` it carries no reason: the endings for which the contract promises none. */
  constructor(
    code: status,
    message: string,
    refusal?: { readonly reason?: Reason; readonly details: readonly ErrorDetail[] },
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.reason = refusal?.reason;
    this.details = refusal?.details ?? [];
  }
}
