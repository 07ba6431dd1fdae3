/**
 * Reads of hosts' feeds. A feed has no gaps, but for those that a restore leaves (`restores.ts`): what was given behind the last
 * event that the restored database has is never given again, so a sequence in such a gap is of an event that was undone.
 */

import type { Pool } from "pg";
import { millis } from "../../../shared/postgres/range.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import type { BookingEvent, BookingEventKind } from "../domain/booking.ts";
import { sequenceIn } from "./hosts.ts";
import { bookingFromRow, type BookingRow, storedColumns } from "./rows.ts";

interface EventRow extends BookingRow {
  readonly kind: BookingEventKind;
  readonly actor: string;
  readonly event_ms: number;
}

/** The host's events from a sequence on, that one included, in order. */
export async function readEvents(
  pool: Pool,
  hostId: string,
  fromSequence: number,
  limit: number,
  caller: Reader,
): Promise<BookingEvent[]> {
  const rows = await read<EventRow>(
    pool,
    {
      name: "read-events",
      text: `select b.booking_id as id, ${storedColumns}, b.kind, b.actor,
                    ${millis("b.event_time")} as event_ms
             from booking_events b
             where b.host_id = $1 and b.sequence >= $2::int8
             order by b.sequence limit $3`,
      values: [hostId, fromSequence, limit],
    },
    caller,
  );
  return rows.map((row) => ({
    hostId,
    sequence: row.sequence,
    kind: row.kind,
    actor: row.actor,
    time: row.event_ms,
    booking: bookingFromRow(row),
  }));
}

/**
 * Whether a feed goes on behind a sequence: one of an event; or one before the next event, or before all that are to come, which
 * after a restore is no event's; or 0, unless its first events were deleted.
 */
export async function isInFeed(pool: Pool, hostId: string, sequence: number, caller: Reader): Promise<boolean> {
  const query = {
    name: "is-in-feed",
    text: `select $2::int8 = ${sequenceIn("$1")}
             or ($2::int8 = 0 and not exists (select from hosts where host_id = $1 and forgotten_to > 0))
             or exists (select from booking_events where host_id = $1 and sequence in ($2::int8, $2::int8 + 1)) as is_there`,
    values: [hostId, sequence],
  };
  const [row] = await read<{ is_there: boolean }>(pool, query, caller);
  return row?.is_there === true;
}
