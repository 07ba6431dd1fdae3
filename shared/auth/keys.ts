/** Public keys that tokens are verified with: a JWK set (RFC 7517) at a URL or in a file. */

import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet } from "jose";
import type { Logger } from "pino";
import { SECOND_MS } from "../time-units.ts";
import { keepKeys, type KeptKeys } from "./kept-keys.ts";
import { readJson } from "./read-json.ts";

/** The least time between two readings: of a URL, and of a file, which is ours. */
const URL_COOLDOWN_MS = 10 * SECOND_MS;
const FILE_COOLDOWN_MS = SECOND_MS;
const FETCH_TIMEOUT_MS = 3 * SECOND_MS;

/** Development's keys lie readable in a folder of the checkout, so production must not take one, wherever it came from. */
export const DEVELOPMENT_KEY_PREFIX = "dev-";

/**
 * The keys at `location`, an http(s) URL or the path of a file, as `keepKeys` keeps them: a new key needs no restart. Throws
 * an error of one line if there is a file that cannot be used. A URL is asked from now on, and not waited for: its site may be
 * away, or start together with us.
 */
export async function publicKeys(
  location: string,
  development: boolean,
  log: Logger,
  ending: AbortSignal,
): Promise<KeptKeys> {
  const own = log.child({ keys: location });
  if (isUrl(location)) {
    const remote = createRemoteJWKSet(new URL(location), { timeoutDuration: FETCH_TIMEOUT_MS });
    const read = async (): Promise<JSONWebKeySet> => {
      await remote.reload();
      return proper(remote.jwks() ?? { keys: [] }, development);
    };
    const keys = keepKeys(read, URL_COOLDOWN_MS, own);
    void keys.readUntilKnown(ending);
    return keys;
  }
  const read = (): Promise<JSONWebKeySet> => readKeySet(location, development);
  return keepKeys(read, FILE_COOLDOWN_MS, own, await read());
}

/** Whether keys are at a URL. Everything else is the path of a file. */
export function isUrl(location: string): boolean {
  return /^https?:/i.test(location);
}

async function readKeySet(path: string, development: boolean): Promise<JSONWebKeySet> {
  try {
    const set = (await readJson(path)) as JSONWebKeySet;
    createLocalJWKSet(set);
    return proper(set, development);
  } catch (cause) {
    throw new Error(`the key set ${path} cannot be used`, { cause });
  }
}

/** The set. Throws an error of one line if it holds what it must not. */
function proper(set: JSONWebKeySet, development: boolean): JSONWebKeySet {
  for (const key of set.keys) {
    if (key.d !== undefined || key.k !== undefined) throw new Error("it contains a secret key");
    assertNoDevelopmentKey(key.kid, development);
  }
  return set;
}

/** Throws an error of one line if the key with this `kid` is one of development's and this is production. */
export function assertNoDevelopmentKey(kid: string | undefined, development: boolean): void {
  if (development || kid?.startsWith(DEVELOPMENT_KEY_PREFIX) !== true) return;
  throw new Error("it is a development key, which production refuses");
}
