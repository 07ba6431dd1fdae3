import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { monotonicMs } from "../clock.ts";
import { MINUTE_MS } from "../time-units.ts";
import type { Claims } from "./claims.ts";

const TOKENS_MAX = 50_000;
/** A token is verified again after this time, so that a withdrawn key does not live on in this memory. */
const MEMORY_MAX_MS = 5 * MINUTE_MS;

/**
 * `verify`, once per token rather than once per call: checking a signature costs more than most calls do. Good tokens are
 * remembered until they expire; bad ones are not, or strangers could fill the memory. Only a hash is kept: a thief of the
 * memory cannot call with it.
 */
export function rememberTokens(
  verify: (token: string) => Promise<Claims>,
): (token: string) => Claims | Promise<Claims> {
  const known = new LRUCache<string, { readonly claims: Claims; readonly verifiedAt: number }>({ max: TOKENS_MAX });
  return (token) => {
    const key = hash("sha256", token, "base64");
    const remembered = known.get(key);
    if (remembered !== undefined) {
      const { claims, verifiedAt } = remembered;
      if (Date.now() < claims.expireTime && monotonicMs() - verifiedAt < MEMORY_MAX_MS) return claims;
      known.delete(key);
    }
    return verify(token).then((claims) => {
      known.set(key, { claims, verifiedAt: monotonicMs() });
      return claims;
    });
  };
}
