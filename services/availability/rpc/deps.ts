/** What the RPCs of this service are built from. */

import type { MikroORM } from "@mikro-orm/postgresql";
import type { SchedulingDeps } from "../scheduling/deps.ts";

export interface AvailabilityDeps extends SchedulingDeps {
  readonly orm: MikroORM;
}
