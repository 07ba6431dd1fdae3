import { monotonicMs } from "../clock.ts";
import { MINUTE_MS } from "../time-units.ts";
import { type SigningKey, signToken } from "./sign.ts";

const LIFETIME_MS = 5 * MINUTE_MS;
/** A token is replaced this long before it ends: longer than a call takes, and than clocks differ. */
const RENEW_BEFORE_END_MS = MINUTE_MS;

/** Gives out tokens with which the service `name` calls the service `peer`. One is used until shortly before its end. */
export function serviceTokens(key: SigningKey, name: string, peer: string): () => Promise<string> {
  let current: { readonly token: Promise<string>; readonly signedAt: number } | undefined;
  return () => {
    const now = monotonicMs();
    if (current === undefined || now - current.signedAt > LIFETIME_MS - RENEW_BEFORE_END_MS) {
      const token = signToken(key, {
        issuer: name,
        subject: name,
        role: "SERVICE",
        audience: peer,
        lifetimeSeconds: LIFETIME_MS / 1000,
      });
      current = { token, signedAt: now };
    }
    return current.token;
  };
}
