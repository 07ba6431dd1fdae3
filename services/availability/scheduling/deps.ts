/** What the use cases of this service are built from. */

import type { MikroORM } from "@mikro-orm/postgresql";
import type { Pool } from "pg";
import type { Semaphore } from "../../../shared/semaphore.ts";
import type { Turns } from "../../../shared/turns.ts";
import type { BookingPeer } from "../peers/booking.ts";
import type { SubjectUser } from "../storage/subjects.ts";

export interface SchedulingDeps {
  readonly orm: MikroORM;
  /** The ORM's own connections, for plain SQL. */
  readonly pool: Pool;
  /** The user whose id or else external id is a token's subject. Asked together with those of other calls. */
  readonly findSubject: (subject: string) => Promise<SubjectUser | undefined>;
  /** Of those who change one host. */
  readonly turns: Turns;
  /** Told how long each of them waited until it had the host's lock, in milliseconds. */
  readonly locked: (waitedMs: number) => void;
  readonly booking: BookingPeer;
  /**
   * Permits for changes that may shrink open time. Each keeps a connection while it waits for Booking; were they to take them
   * all, a Booking that is slow to answer would stop everything here, the snapshots that it may be waiting for among it. Each
   * is taken with the host's turn, so one host has one at most.
   */
  readonly removals: Semaphore;
}
