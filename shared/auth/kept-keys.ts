/** Keys that are read again from time to time, and which of them are good while they cannot be read. */

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { Logger } from "pino";
import { monotonicMs } from "../clock.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../time-units.ts";

/** A key that its issuer has withdrawn is no longer accepted after this long. */
const KEYS_MAX_AGE_MS = 5 * MINUTE_MS;
/**
 * While the issuer cannot be reached, the known keys stay good for this long. Without this time, the issuer's outage would be
 * ours at once. Without its end, a thief of a key would only have to keep us from hearing that the key was withdrawn.
 */
const KEYS_GRACE_MS = HOUR_MS;
/** The pause before the second of the readings at the start. It doubles, up to the least time between two readings. */
const FIRST_PAUSE_MS = SECOND_MS;

/** The keys cannot be read at the moment; the log has said why. */
export class KeysOutOfReach extends Error {
  override readonly name = "KeysOutOfReach";
}

export interface KeptKeys {
  /** Throws KeysOutOfReach, and what jose throws if there is no such key. */
  readonly find: JWTVerifyGetKey;
  /** Whether the keys have ever been read. */
  areKnown(): boolean;
  /** Reads them again and again, with pauses, until they are known or `signal` aborts. Each failure is logged. */
  readUntilKnown(signal: AbortSignal): Promise<void>;
}

/**
 * Looks keys up in the set that `read` gives. It is read when a key is first looked for (unless there is a `first` set), when
 * it is old, and when a key is not in it; but not again within `cooldownMs`, however that ended, because anybody can name
 * keys that do not exist. Those who look meanwhile share one reading.
 */
export function keepKeys(
  read: () => Promise<JSONWebKeySet>,
  cooldownMs: number,
  log: Logger,
  first?: JSONWebKeySet,
): KeptKeys {
  let known = first === undefined ? undefined : { keys: createLocalJWKSet(first), readAt: monotonicMs() };
  let failedAt = -Infinity;
  let reading: Promise<JWTVerifyGetKey> | undefined;

  const readNow = async (): Promise<JWTVerifyGetKey> => {
    try {
      known = { keys: createLocalJWKSet(await read()), readAt: monotonicMs() };
      return known.keys;
    } catch (error) {
      failedAt = monotonicMs();
      const meanwhile =
        known === undefined ? "until then no caller is let in" : "those that are known are used for a while";
      log.error({ err: error }, `the keys to verify tokens with cannot be read; ${meanwhile}`);
      throw new KeysOutOfReach();
    } finally {
      reading = undefined;
    }
  };
  const readAgain = async (): Promise<JWTVerifyGetKey> => {
    if (monotonicMs() - failedAt < cooldownMs) throw new KeysOutOfReach();
    return (reading ??= readNow());
  };
  const isYounger = (maxAgeMs: number): boolean => known !== undefined && monotonicMs() - known.readAt < maxAgeMs;

  const current = async (): Promise<JWTVerifyGetKey> => {
    if (known !== undefined && isYounger(KEYS_MAX_AGE_MS)) return known.keys;
    try {
      return await readAgain();
    } catch (error) {
      if (known !== undefined && isYounger(KEYS_GRACE_MS)) return known.keys;
      throw error;
    }
  };

  return {
    async find(header, token) {
      const keys = await current();
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || isYounger(cooldownMs)) throw error;
        return (await readAgain())(header, token);
      }
    },
    areKnown: () => known !== undefined,
    async readUntilKnown(signal) {
      for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, cooldownMs)) {
        // Why it failed is in the log.
        await (reading ??= readNow()).catch(() => undefined);
        if (known !== undefined) return;
        await pause(pauseMs, signal);
      }
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  return promise;
}
