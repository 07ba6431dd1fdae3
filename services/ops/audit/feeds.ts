/** Finds feeds that are not whole, or that tell another story than the bookings. */

import type { Client } from "pg";
import { inBatches } from "./stored.ts";
import type { Violation } from "./violation.ts";

/** After a restore each feed goes on behind one of these: the one gap that is none. */
const RAISED = "(select raised_to from restores)";

/** Sequences that are missing between the first that is kept, which is 1 unless the first events were deleted, and a feed's last. */
export async function* feedGaps(client: Client): AsyncGenerator<Violation> {
  const gaps = inBatches<{ host_id: string; previous: number; sequence: number }>(
    client,
    `select host_id, previous::float8 as previous, sequence::float8 as sequence
     from (
       select host_id, event.sequence,
              coalesce(lag(event.sequence) over (partition by host_id order by event.sequence), forgotten_to, 0) as previous
       from booking_events event left join hosts using (host_id)
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
    `select host_id, last::float8 as last, counter::float8 as counter
     from (
       select host_id, coalesce(last, forgotten_to, 0) as last, coalesce(sequence, 0) as counter
       from hosts
       full join (select host_id, max(sequence) as last from booking_events group by host_id) as feed using (host_id)
     ) as ends
     where last <> counter and not (counter in ${RAISED} and last < counter)`,
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
 * that is stored; and since every change is one event and one version, there are as many events as versions. Where the first events of a host were
 * deleted, that holds from the first one that is left of the booking.
 */
export async function* replays(client: Client): AsyncGenerator<Violation> {
  const columns = (table: string): string => COLUMNS.map((column) => `${table}.${column}`).join(", ");
  const found = inBatches<{ host_id: string; booking_id: string; because: string }>(
    client,
    `select coalesce(b.host_id, e.host_id) as host_id, coalesce(b.id, e.booking_id) as booking_id,
            case when b.id is null then 'is in the feed and is not stored'
                 when e.booking_id is null then 'is stored and is not in the feed'
                 when e.events <> b.version - e.before then 'has not as many events as versions'
                 else 'is not as the feed leaves it' end as because
     from bookings b
     full join (
       select * from (
         select *, count(*) over (partition by booking_id) as events,
                case when forgotten_to > 0 then min(version) over (partition by booking_id) - 1 else 0 end as before,
                row_number() over (partition by booking_id order by sequence desc) as from_last
         from booking_events left join (select host_id, forgotten_to from hosts) as forgotten using (host_id)
       ) as event
       where from_last = 1
     ) as e on e.booking_id = b.id
     left join (select host_id, forgotten_to from hosts) as forgotten on forgotten.host_id = b.host_id
     where b.id is null or (e.booking_id is null and b.sequence > coalesce(forgotten.forgotten_to, 0))
       or e.events <> b.version - e.before
       or e.booking_id is not null and (${columns("b")}) is distinct from (${columns("e")})`,
  );
  for await (const batch of found) {
    for (const { host_id: hostId, booking_id: bookingId, because } of batch) {
      yield { kind: "REPLAY", hostId, bookingId, because };
    }
  }
}
