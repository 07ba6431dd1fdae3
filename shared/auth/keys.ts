/** Public keys that tokens are verified with: a JWK set (RFC 7517) at a URL or in a file. */

import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { createLocalJWKSet, createRemoteJWKSet, errors } from "jose";
import { monotonicMs } from "../clock.ts";
import { MINUTE_MS, SECOND_MS } from "../interval.ts";
import { readJson } from "./read-json.ts";

/** A key that its issuer has withdrawn is no longer accepted after this long. */
const KEYS_MAX_AGE_MS = 5 * MINUTE_MS;
/** A key that is not known yet is looked for at most so often: anybody can name keys that do not exist. */
const URL_COOLDOWN_MS = 10 * SECOND_MS;
const FILE_COOLDOWN_MS = SECOND_MS;
const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/** Development's keys lie readable in a folder of the checkout, so production must not take one, wherever it came from. */
export const DEVELOPMENT_KEY_PREFIX = "dev-";

/**
 * The keys at `location`, an http(s) URL or the path of a file. They are kept, and read again when they are old and when a
 * token names a key that is not among them, so a new key needs no restart. Throws an error of one line if there is a
 * file that cannot be used; a URL is first asked when there is a token to verify.
 */
export async function publicKeys(location: string, development: boolean): Promise<JWTVerifyGetKey> {
  if (!/^https?:/i.test(location)) return keysInFile(location, development);
  const keys = createRemoteJWKSet(new URL(location), {
    cacheMaxAge: KEYS_MAX_AGE_MS,
    cooldownDuration: URL_COOLDOWN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
  });
  return async (header, token) => {
    const key = await keys(header, token);
    assertProper(keys.jwks(), development);
    return key;
  };
}

async function keysInFile(path: string, development: boolean): Promise<JWTVerifyGetKey> {
  let keys = await readKeys(path, development);
  let readAt = monotonicMs();
  const readAgain = async (): Promise<void> => {
    readAt = monotonicMs();
    keys = await readKeys(path, development);
  };
  return async (header, token) => {
    if (monotonicMs() - readAt > KEYS_MAX_AGE_MS) await readAgain();
    try {
      return await keys(header, token);
    } catch (error) {
      const unknown = error instanceof errors.JWKSNoMatchingKey;
      if (!unknown || monotonicMs() - readAt < FILE_COOLDOWN_MS) throw error;
      await readAgain();
      return keys(header, token);
    }
  };
}

async function readKeys(path: string, development: boolean): Promise<JWTVerifyGetKey> {
  try {
    const set = (await readJson(path)) as JSONWebKeySet;
    const keys = createLocalJWKSet(set);
    assertProper(set, development);
    return keys;
  } catch (cause) {
    throw new Error(`the key set ${path} cannot be used`, { cause });
  }
}

function assertProper(set: JSONWebKeySet | undefined, development: boolean): void {
  for (const key of set?.keys ?? []) {
    if (key.d !== undefined || key.k !== undefined) throw new Error("it contains a secret key");
    assertNoDevelopmentKey(key.kid, development);
  }
}

/** Throws an error of one line if the key with this `kid` is one of development's and this is production. */
export function assertNoDevelopmentKey(kid: string | undefined, development: boolean): void {
  if (development || kid?.startsWith(DEVELOPMENT_KEY_PREFIX) !== true) return;
  throw new Error("it is a development key, which production refuses");
}
