/** What HTTP clients read of a rate limit: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (10). */

import { SECOND_MS } from "../../interval.ts";
import { type Quota, WINDOW_SECONDS } from "./rate-limit.ts";

/** `RateLimit-Policy` (calls in a window of seconds) and `RateLimit` (calls remaining, seconds until they are renewed). */
export function rateLimitHeaders(quota: Quota): Readonly<Record<string, string>> {
  const name = `"${quota.callClass}"`;
  return {
    "ratelimit-policy": `${name};q=${quota.perWindow};w=${WINDOW_SECONDS}`,
    ratelimit: `${name};r=${quota.remaining};t=${Math.ceil(quota.resetMs / SECOND_MS)}`,
  };
}
