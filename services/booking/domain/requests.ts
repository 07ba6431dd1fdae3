/** Requests that are sent again: one effect, and the first answer for ever, whatever has happened to the booking since. */

import { type Refusal, requestIdReused } from "../../../shared/errors.ts";
import { isSameRequest, type RequestKey } from "../../../shared/request-key.ts";
import type { Booking } from "./booking.ts";

/** A request that was carried out. */
export interface RememberedRequest {
  readonly key: RequestKey;
  /** The booking after the event that is remembered: its `sequence`. */
  readonly answer: Booking;
}

/** How a command ends that is such a request. */
export type Replay =
  | { readonly kind: "booked"; readonly booking: Booking }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** The first answer of a request that was carried out before, or its refusal if the id was used for another request. */
export function replayed(remembered: RememberedRequest, key: RequestKey): Replay {
  if (isSameRequest(remembered.key, key)) return { kind: "booked", booking: remembered.answer };
  return { kind: "refused", refusal: requestIdReused() };
}
