/** A request that is sent again has one effect, and its first answer for ever, also if the booking has changed since. */

import { requestIdReused } from "../../../shared/errors.ts";
import { isSameRequest, type RequestKey } from "../../../shared/request-key.ts";
import type { Outcome } from "./command.ts";
import type { RememberedRequest } from "./requests.ts";

/** The first answer of a request that was carried out before, or its refusal if the id was used for another request. */
export function replayed(remembered: RememberedRequest, key: RequestKey): Outcome {
  if (isSameRequest(remembered.key, key)) return { kind: "booked", booking: remembered.answer };
  return { kind: "refused", refusal: requestIdReused() };
}
