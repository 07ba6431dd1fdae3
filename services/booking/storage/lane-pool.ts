/** The connections on which bookings are changed. */

import { Pool } from "pg";
import type { Logger } from "pino";
import { HOST_LOCK_IDLE_MS } from "../../../shared/postgres/locks.ts";
import { CONNECT_TIMEOUT_MS, poolClient } from "../../../shared/postgres/primary-client.ts";
import { prepareSession } from "../../../shared/postgres/session.ts";

/**
 * Settings of the server for these connections. All their statements touch a bounded number of rows by key, so whatever
 * the statistics say of a table that was empty a minute ago, only the indexes will do, and one plan serves all.
 */
const PLANNER_SETTINGS = {
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_material: "off",
  plan_cache_mode: "force_generic_plan",
  jit: "off",
};

/** A statement that runs longer is given up: nothing on these connections is slow unless something is wrong. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** Longer than a statement may take: the server itself is out of reach, and TCP would go on hoping for a quarter of an hour. */
const ANSWER_TIMEOUT_MS = 12_000;

/** The pool of the lanes. It is apart from that of the reads: no crowd of readers can keep a fence waiting. */
export function openLanePool(url: string, connections: number, log: Logger): Pool {
  const pool = new Pool({
    Client: poolClient,
    connectionString: url,
    max: connections,
    application_name: "booking-lanes",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    idleTimeoutMillis: 0,
    keepAlive: true,
    onConnect: prepareSession({
      ...PLANNER_SETTINGS,
      statement_timeout: String(STATEMENT_TIMEOUT_MS),
      idle_in_transaction_session_timeout: String(HOST_LOCK_IDLE_MS),
    }),
  });
  // A connection that the server drops says so by an event, idle or not, and an "error" without a listener ends the process.
  // The statement that was under way rejects by itself, and an idle connection is replaced when it is needed.
  const note = (error: Error): void => log.warn({ err: error }, "a connection of the lanes was lost");
  pool.on("connect", (client) => client.on("error", note));
  pool.on("error", note);
  return pool;
}
