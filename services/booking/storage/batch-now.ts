/** The time of a batch: one instant for all that its statements read and its commands decide. */

import { millis } from "../../../shared/postgres/range.ts";

/**
 * Reads the clock, once for the whole batch (a subquery that depends on no row is run once) and after the locks (`now()`
 * would be the time before the wait), and leaves it in the transaction's setting `booking.now` for the statements behind.
 */
export const readClock = `(select ${millis(
  "set_config('booking.now', date_trunc('milliseconds', clock_timestamp())::text, true)::timestamptz",
)})`;
/** SQL for the batch's time. */
export const BATCH_NOW = "current_setting('booking.now')::timestamptz";
