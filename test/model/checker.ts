/**
 * Whether two databases hold what the services promise, read around the services. To be used when no call is under way and
 * every hold that has ended is recorded.
 */

import { poolOf } from "../support/pool.ts";
import { violationsIn } from "../support/violations.ts";
import { brokenFeeds } from "./feed-history.ts";
import { answersWithoutEffect } from "./remembered.ts";

/** Everything that is wrong, a line each: empty if all is well. */
export async function checkPair(availabilityUrl: string, bookingUrl: string): Promise<string[]> {
  // What is so now, across both services.
  const wrong = await violationsIn({ availability: availabilityUrl, booking: bookingUrl });
  const pool = poolOf(bookingUrl);
  try {
    // How it came to be so, and what callers were told on the way.
    return [...wrong, ...(await brokenFeeds(pool)), ...(await answersWithoutEffect(pool))];
  } finally {
    await pool.end();
  }
}
