/** Requests that are sent again: one effect, and the first answer for ever, whatever has happened to the booking since. */

import { requestIdReused } from "../../../shared/errors.ts";
import { isSameRequest, type RequestKey } from "../../../shared/request-key.ts";
import type { Outcome, RememberedRequest } from "./command.ts";

/** What is remembered of a request when nothing that it says may be kept. */
export function unsaid({ unsaidHash, ...key }: RequestKey): RequestKey {
  return { ...key, contentHash: unsaidHash ?? key.contentHash };
}

/** The first answer of a request that was carried out before, or its refusal if the id was used for another request. */
export function replayed(remembered: RememberedRequest, key: RequestKey): Outcome {
  if (isSameRequest(remembered.key, key)) return { kind: "booked", booking: remembered.answer };
  return { kind: "refused", refusal: requestIdReused() };
}
