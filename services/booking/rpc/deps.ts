/** What the RPCs of this service are built from. */

import type { Feed } from "../feed/feed.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";

export interface BookingDeps extends SchedulingDeps {
  readonly feed: Feed;
  /** Drops what all replicas remember of whose tokens are a user's. Throws Refusal BUSY if they cannot be told. */
  readonly forgetUser: (userId: string) => Promise<void>;
}
