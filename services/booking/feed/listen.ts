/** Hears from other replicas which hosts' feeds have grown, and which users have changed. */

import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { PrimaryClient } from "../../../shared/postgres/primary-client.ts";
import { RESTORES_CHANNEL } from "../storage/restores.ts";
import { FEED_CHANNEL, USERS_CHANNEL } from "./notify.ts";

const RECONNECT_MS = 1_000;
/** A database that accepts and says nothing is given up after this, or the replica would hear nothing until TCP gave up. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Who is told what is heard. */
interface Hearer {
  readonly changed: (hostIds: readonly string[]) => void;
  readonly userChanged: (userId: string) => void;
  /** What was announced before was not heard, or everything may have changed. */
  readonly doubtAll: () => void;
}

/**
 * Listens until `signal` aborts, on a connection of its own that is made anew whenever it is lost. `doubtAll` is called
 * after each connection, the first one too.
 */
export async function listen(url: string, hearer: Hearer, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await listenOnce(url, hearer, signal);
    } catch (error) {
      log.warn({ err: error }, "not listening for changes of other replicas; polling until the connection is back");
    }
    await pause(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves when the signal aborts, rejects when the connection is lost. */
async function listenOnce(url: string, hearer: Hearer, signal: AbortSignal): Promise<void> {
  const client = new PrimaryClient({
    connectionString: url,
    application_name: "booking-feed",
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  client.on("error", reject);
  client.on("notification", ({ channel, payload = "" }) => {
    if (channel === RESTORES_CHANNEL) hearer.doubtAll();
    else if (channel === USERS_CHANNEL) hearer.userChanged(payload);
    else hearer.changed(payload.split(","));
  });
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    await client.query([FEED_CHANNEL, USERS_CHANNEL, RESTORES_CHANNEL].map((name) => `listen ${name}`).join("; "));
    hearer.doubtAll();
    if (!signal.aborted) await ended;
  } finally {
    signal.removeEventListener("abort", stop);
    ended.catch(() => undefined);
    await client.end().catch(() => undefined);
  }
}
