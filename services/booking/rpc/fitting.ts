/** How many bookings fit into one answer: people may have said thousands of characters about each. */

import { ANSWER_MAX_BYTES } from "../../../shared/limits.ts";
import type { Booking } from "../domain/booking.ts";

/** More than a booking takes of which nothing was said, in JSON, the longest form of an answer. */
const BOOKING_MAX_BYTES = 1024;
/** More than there is around the bookings: the page token and the sequence. */
const REST_MAX_BYTES = 4096;

/** How many of the first bookings one answer can hold. One always fits. */
export function countThatFits(bookings: readonly Booking[]): number {
  let left = ANSWER_MAX_BYTES - REST_MAX_BYTES;
  const tooMany = bookings.findIndex((booking) => (left -= BOOKING_MAX_BYTES + bytesOfTexts(booking)) < 0);
  return tooMany === -1 ? bookings.length : tooMany;
}

function bytesOfTexts({ details, cancelReason }: Booking): number {
  const texts = [details.externalId, details.note, details.labels, cancelReason].filter((text) => text !== undefined);
  return texts.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(texts));
}
