/** Finds feeds that are not whole, or that tell another story than the bookings. */

import type { Client } from "pg";
import { inBatches } from "./stored.ts";
import type { Violation } from "./violation.ts";

/** After a restore each feed goes on behind one of these: the one gap that is none. */
const RAISED = "(select raised_to from restores)";

/** Sequences that are missing between 1 and a feed's last event. */
export async function* feedGaps(client: Client): AsyncGenerator<Violation> {
  const gaps = inBatches<{ host_id: string; previous: number; sequence: number }>(
    client,
    `select host_id, previous::float8 as previous, sequence::float8 as sequence
     from (
       select host_id, sequence, lag(sequence, 1, 0::bigint) over (partition by host_id order by sequence) as previous
       from booking_events
     ) as event
     where sequence <> previous + 1 and sequence - 1 not in ${RAISED}`,
  );
  for await (const batch of gaps) {
    for (const { host_id: hostId, previous: after, sequence: next } of batch) {
      yield { kind: "FEED_GAP", hostId, after, next };
    }
  }
}

/** Feeds whose last event is not the one that the host's counter says, unless the counter was raised since. */
export async function* feedEnds(client: Client): AsyncGenerator<Violation> {
  const ends = inBatches<{ host_id: string; last: number; counter: number }>(
    client,
    `select host_id, coalesce(last, 0)::float8 as last, coalesce(sequence, 0)::float8 as counter
     from hosts
     full join (select host_id, max(sequence) as last from booking_events group by host_id) as feed using (host_id)
     where coalesce(last, 0) <> coalesce(sequence, 0)
       and not (coalesce(sequence, 0) in ${RAISED} and coalesce(last, 0) < coalesce(sequence, 0))`,
  );
  for await (const batch of ends) {
    for (const { host_id: hostId, last, counter } of batch) yield { kind: "FEED_END", hostId, last, counter };
  }
}

/** What an event repeats of its booking. */
const COLUMNS = [
  "host_id",
  "guest_id",
  "during",
  "occupied",
  "seat",
  "external_id",
  "note",
  "labels",
  "cancel_reason",
  "state",
  "version",
  "sequence",
  "expire_time",
  "create_time",
  "update_time",
];

/**
 * Bookings that the feed does not lead to: each event holds the whole booking after it, so the last one must be the booking
 * that is stored; and since every change is one event and one version, there are as many events as versions.
 */
export async function* replays(client: Client): AsyncGenerator<Violation> {
  const columns = (table: string): string => COLUMNS.map((column) => `${table}.${column}`).join(", ");
  const found = inBatches<{ host_id: string; booking_id: string; because: string }>(
    client,
    `select coalesce(b.host_id, e.host_id) as host_id, coalesce(b.id, e.booking_id) as booking_id,
            case when b.id is null then 'is in the feed and is not stored'
                 when e.booking_id is null then 'is stored and is not in the feed'
                 when e.events <> b.version then 'has not as many events as versions'
                 else 'is not as the feed leaves it' end as because
     from bookings b
     full join (
       select * from (
         select *, count(*) over (partition by booking_id) as events,
                row_number() over (partition by booking_id order by sequence desc) as from_last
         from booking_events
       ) as event
       where from_last = 1
     ) as e on e.booking_id = b.id
     where b.id is null or e.booking_id is null or e.events <> b.version
       or (${columns("b")}) is distinct from (${columns("e")})`,
  );
  for await (const batch of found) {
    for (const { host_id: hostId, booking_id: bookingId, because } of batch) {
      yield { kind: "REPLAY", hostId, bookingId, because };
    }
  }
}
