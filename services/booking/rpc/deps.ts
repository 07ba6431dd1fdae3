/** What the RPCs of this service are built from. */

import type { Feed } from "../feed/feed.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";

export interface BookingDeps extends SchedulingDeps {
  readonly feed: Feed;
}
