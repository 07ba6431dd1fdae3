/** Requests that are sent again. */

import { requestIdReused } from "../../../shared/errors.ts";
import type { Outcome, RememberedRequest, RequestKey } from "./command.ts";

/** The first answer of a request that was carried out before, or its refusal if the id was used for another request. */
export function replayed(remembered: RememberedRequest, key: RequestKey): Outcome {
  const isSame = remembered.method === key.method && remembered.contentHash === key.contentHash;
  if (isSame) return { kind: "booked", booking: remembered.answer };
  return { kind: "refused", refusal: requestIdReused() };
}
