/** The details of a refusal as messages of google/rpc/error_details.proto, never more than a header can carry. */

import { create, type DescMessage, isMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Refusal } from "../errors.ts";
import { ERROR_DETAILS_MAX_BYTES } from "../limits.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.ts";
import { SECOND_MS } from "../time-units.ts";
import type { ErrorDetail } from "../status-error.ts";
import type { CallersWords } from "./request/field-names.ts";

/**
 * The refusal's details, `ErrorInfo` first, together at most `ERROR_DETAILS_MAX_BYTES`: gRPC sends them in a trailer, and
 * proxies cut a call off whose headers exceed 8 KiB. What is too long loses entries from its end, never the reason.
 */
export function errorDetails(refusal: Refusal, domain: string): ErrorDetail[] {
  const { fields, resource, preconditions, retryAfterMs, metadata } = refusal.details;
  const reason = refusal.reason;
  const fitting = new FittingDetails();
  if (!fitting.add(ErrorInfoSchema, { reason, domain, metadata: { ...metadata } })) {
    fitting.add(ErrorInfoSchema, { reason, domain });
  }
  if (retryAfterMs !== undefined) fitting.add(RetryInfoSchema, retryInfoOf(retryAfterMs));
  if (resource !== undefined) {
    fitting.add(ResourceInfoSchema, { resourceType: resource.type, resourceName: resource.name });
  }
  fitting.addShortened(BadRequestSchema, fields, (fieldViolations) => ({ fieldViolations }));
  fitting.addShortened(PreconditionFailureSchema, preconditions, (violations) => ({ violations }));
  return fitting.details;
}

/** The detail that says when to send the same call again, for an ending without a reason. */
export function retryInfo(retryAfterMs: number): ErrorDetail {
  return detailOf(RetryInfoSchema, retryInfoOf(retryAfterMs));
}

/** The detail with the caller's own names for fields. They are no longer than those of the contract, so it still fits. */
export function detailInWords(detail: ErrorDetail, words: CallersWords): ErrorDetail {
  const { message } = detail;
  if (isMessage(message, BadRequestSchema)) {
    const fieldViolations = message.fieldViolations.map((violation) => ({
      ...violation,
      field: words(violation.field),
      description: words(violation.description),
    }));
    return detailOf(BadRequestSchema, { fieldViolations });
  }
  if (isMessage(message, PreconditionFailureSchema)) {
    const violations = message.violations.map((violation) => ({
      ...violation,
      subject: words(violation.subject),
      description: words(violation.description),
    }));
    return detailOf(PreconditionFailureSchema, { violations });
  }
  return detail;
}

function detailOf<D extends DescMessage>(desc: D, init: MessageInitShape<D>): ErrorDetail {
  const message = create(desc, init);
  return { desc, message, bytes: toBinary(desc, message) };
}

class FittingDetails {
  readonly details: ErrorDetail[] = [];
  #bytesLeft = ERROR_DETAILS_MAX_BYTES;

  add<D extends DescMessage>(desc: D, init: MessageInitShape<D>): boolean {
    const detail = detailOf(desc, init);
    if (detail.bytes.length > this.#bytesLeft) return false;
    this.#bytesLeft -= detail.bytes.length;
    this.details.push(detail);
    return true;
  }

  /** Adds as many entries as fit, found by halving: a request can break ten thousand rules, and each try encodes. */
  addShortened<D extends DescMessage, Entry>(
    desc: D,
    entries: readonly Entry[] | undefined,
    wrap: (entries: Entry[]) => MessageInitShape<D>,
  ): void {
    for (let count = entries?.length ?? 0; count > 0; count = Math.floor(count / 2)) {
      if (this.add(desc, wrap(entries?.slice(0, count) ?? []))) return;
    }
  }
}

function retryInfoOf(milliseconds: number): { readonly retryDelay: { seconds: bigint; nanos: number } } {
  const seconds = Math.floor(milliseconds / SECOND_MS);
  return { retryDelay: { seconds: BigInt(seconds), nanos: Math.round((milliseconds - seconds * SECOND_MS) * 1e6) } };
}
