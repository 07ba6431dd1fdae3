/** Finds stored bookings that are wrong whatever their state and their time, and names that are given twice. */

import type { Client } from "pg";
import { inBatches } from "./stored.ts";
import type { Violation } from "./violation.ts";

/** Bookings that are in no seat that a host can have, or that do not occupy all of their time. */
export async function* misplaced(client: Client): AsyncGenerator<Violation> {
  const found = inBatches<{ host_id: string; id: string; because: string }>(
    client,
    `select host_id, id, case when not occupied @> during then 'does not occupy all of its time'
                              else 'is in seat ' || seat || ', which no host has' end as because
     from bookings where not occupied @> during or seat not between 1 and 1000`,
  );
  for await (const batch of found) {
    for (const { host_id: hostId, id: bookingId, because } of batch) {
      yield { kind: "MISPLACED", hostId, bookingId, because };
    }
  }
}

/** Bookings of a host that stand, as the services have recorded it, and that another system calls the same. */
export async function* sharedNames(client: Client): AsyncGenerator<Violation> {
  const found = inBatches<{ host_id: string; id: string; other_id: string }>(
    client,
    `select host_id, other_id, id
     from (
       select host_id, id, first_value(id) over (partition by host_id, external_id order by id) as other_id
       from bookings where external_id is not null and state in ('HELD', 'CONFIRMED')
     ) as named
     where id <> other_id`,
  );
  for await (const batch of found) {
    for (const { host_id: hostId, id: otherId, other_id: bookingId } of batch) {
      yield { kind: "EXTERNAL_ID", hostId, bookingId, otherId };
    }
  }
}
