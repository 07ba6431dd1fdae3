/** What the use cases of this service are built from. */

import type { Pool } from "pg";
import type { RememberedRequest } from "../domain/command.ts";
import type { Lanes } from "../lanes/lanes.ts";
import type { Calendars } from "../peers/calendars.ts";
import type { Guests } from "../peers/guests.ts";
import type { RequestName } from "../storage/requests.ts";

export interface SchedulingDeps {
  /** For reads. Changes go through the lanes. */
  readonly pool: Pool;
  readonly lanes: Lanes;
  /** A request that was carried out before, if it was. */
  readonly findRequest: (name: RequestName) => Promise<RememberedRequest | undefined>;
  readonly calendars: Calendars;
  readonly guests: Guests;
}
