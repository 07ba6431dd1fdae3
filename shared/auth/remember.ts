import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { monotonicMs } from "../clock.ts";
import { MINUTE_MS } from "../time-units.ts";
import type { Identity } from "./identity.ts";

const TOKENS_MAX = 50_000;
/** A token is verified again after this time, so that a withdrawn key does not live on in this memory. */
const MEMORY_MAX_MS = 5 * MINUTE_MS;

/**
 * `verify`, once per token rather than once per call: checking a signature costs more than most calls do. Good tokens are
 * remembered until they expire; bad ones are not, or strangers could fill the memory. Only a hash is kept: a thief of the
 * memory cannot call with it.
 */
export function rememberTokens(
  verify: (token: string) => Promise<Identity>,
): (token: string) => Identity | Promise<Identity> {
  const known = new LRUCache<string, { readonly identity: Identity; readonly verifiedAt: number }>({ max: TOKENS_MAX });
  return (token) => {
    const key = hash("sha256", token, "base64");
    const remembered = known.get(key);
    if (remembered !== undefined) {
      const { identity, verifiedAt } = remembered;
      if (Date.now() < identity.expireTime && monotonicMs() - verifiedAt < MEMORY_MAX_MS) return identity;
      known.delete(key);
    }
    return verify(token).then((identity) => {
      known.set(key, { identity, verifiedAt: monotonicMs() });
      return identity;
    });
  };
}
