/**
 * What a caller has left of its rate, and how HTTP clients read it:
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (10).
 */

import { SECOND_MS } from "../../time-units.ts";

/**
 * A caller may spend this many seconds of its rate at once, because a page that loads asks for much and then for nothing. It
 * then has none left until they are over, so in the long run it never gets more than its rate.
 */
export const WINDOW_SECONDS = 5;

export type CallClass = "read" | "write" | "stream-start";

export interface Quota {
  readonly callClass: CallClass;
  /** What it may ask in each window of `WINDOW_SECONDS`. */
  readonly perWindow: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** `RateLimit-Policy` (calls in a window of seconds) and `RateLimit` (calls remaining, seconds until they are renewed). */
export function rateLimitHeaders(quota: Quota): Readonly<Record<string, string>> {
  const name = `"${quota.callClass}"`;
  return {
    "ratelimit-policy": `${name};q=${quota.perWindow};w=${WINDOW_SECONDS}`,
    ratelimit: `${name};r=${quota.remaining};t=${Math.ceil(quota.resetMs / SECOND_MS)}`,
  };
}
