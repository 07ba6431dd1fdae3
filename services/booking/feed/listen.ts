/** Hears from other replicas which hosts' feeds have grown. */

import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";
import { FEED_CHANNEL } from "./notify.ts";

const RECONNECT_MS = 1_000;

/**
 * Listens until `signal` aborts, on a connection of its own that is made anew whenever it is lost. `on.reconnected` is called after
 * each connection: what was announced before it was not heard.
 */
export async function listen(
  url: string,
  on: { readonly changed: (hostIds: readonly string[]) => void; readonly reconnected: () => void },
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await listenOnce(url, on, signal);
    } catch (error) {
      log.warn({ err: error }, "not listening for changes of other replicas; polling until the connection is back");
    }
    await pause(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves when the signal aborts, rejects when the connection is lost. */
async function listenOnce(
  url: string,
  on: { readonly changed: (hostIds: readonly string[]) => void; readonly reconnected: () => void },
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({ connectionString: url, application_name: "booking-feed", keepAlive: true });
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  client.on("error", reject);
  client.on("end", () => reject(new Error("the connection was closed")));
  client.on("notification", ({ payload }) => on.changed(payload === undefined ? [] : payload.split(",")));
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    await client.query(`listen ${FEED_CHANNEL}`);
    on.reconnected();
    if (!signal.aborted) await ended;
  } finally {
    signal.removeEventListener("abort", stop);
    ended.catch(() => undefined);
    await client.end().catch(() => undefined);
  }
}
