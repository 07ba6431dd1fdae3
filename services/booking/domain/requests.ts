import type { RequestKey } from "../../../shared/request-key.ts";
import type { Booking } from "./booking.ts";

/** A request that was carried out. */
export interface RememberedRequest {
  readonly key: RequestKey;
  /** The booking after the event that is remembered: its `sequence`. */
  readonly answer: Booking;
}
