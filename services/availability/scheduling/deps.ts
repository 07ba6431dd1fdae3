/** What the use cases of this service are built from. */

import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { Pool } from "pg";
import type { Semaphore } from "../../../shared/semaphore.ts";
import type { Turns } from "../../../shared/turns.ts";
import type { BookingPeer } from "../peers/booking.ts";

export interface SchedulingDeps {
  /** The ORM's own connections, for plain SQL. */
  readonly pool: Pool;
  /** Of those who change one host. */
  readonly turns: Turns;
  readonly booking: BookingPeer;
  /**
   * Permits for removals. Each keeps a connection while it waits for Booking; were they to take them all, a Booking that
   * is slow to answer would stop everything here, the snapshots that it may be waiting for among it. Each is taken with the
   * host's turn, so one host has one at most.
   */
  readonly removals: Semaphore;
}

/**
 * The response that says what has come of a change. It is made while the host's lock is held, because it is remembered with
 * the change: a call that is sent again gets it, and not what the change would say now.
 */
export interface AnswerOf<Outcome, Response extends DescMessage> {
  readonly schema: Response;
  from(outcome: Outcome): MessageInitShape<Response>;
}
