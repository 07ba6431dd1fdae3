/** Tells other replicas which hosts' feeds have grown, and which users have changed. */

import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { read } from "../../../shared/postgres/read.ts";

export const FEED_CHANNEL = "booking_feed";
export const USERS_CHANNEL = "booking_users";

/** Between two notifications of this process: a NOTIFY takes a lock on the whole database. */
const PAUSE_MS = 20;
/** A payload is less than 8,000 bytes; a host id and its comma are 37. */
const HOSTS_PER_PAYLOAD = 200;

/**
 * Returns a function that announces hosts. What is announced while a notification is under way is sent together with the
 * next one. A notification that fails is not repeated: watchers poll as well.
 *
 * It is sent after the commit and on its own, because inside the transaction it would make every commit of the database
 * wait for every other.
 */
export function openNotifier(pool: Pool, log: Logger): (hostIds: readonly string[]) => void {
  const waiting = new Set<string>();
  let sending = false;

  async function send(): Promise<void> {
    sending = true;
    while (waiting.size > 0) {
      const hostIds = [...waiting];
      waiting.clear();
      const payloads = [];
      for (let from = 0; from < hostIds.length; from += HOSTS_PER_PAYLOAD) {
        payloads.push(hostIds.slice(from, from + HOSTS_PER_PAYLOAD).join(","));
      }
      try {
        await pool.query("select pg_notify($1, payload) from unnest($2::text[]) payload", [FEED_CHANNEL, payloads]);
      } catch (error) {
        log.debug({ err: error }, "other replicas could not be notified; they will poll");
      }
      await pause(PAUSE_MS);
    }
    sending = false;
  }

  return (hostIds) => {
    for (const hostId of hostIds) waiting.add(hostId);
    if (!sending) void send();
  };
}

/** Tells all replicas that a user has changed. Throws Refusal BUSY: what is not told here is not told by any poll. */
export async function announceUser(pool: Pool, userId: string): Promise<void> {
  await read(pool, { text: "select pg_notify($1, $2)", values: [USERS_CHANNEL, userId] });
}
