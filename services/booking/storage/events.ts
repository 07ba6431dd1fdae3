/** Reads of hosts' feeds. */

import type { Pool } from "pg";
import { millis } from "../../../shared/postgres/range.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import type { BookingEvent, BookingEventKind } from "../domain/booking.ts";
import { bookingFromRow, type BookingRow, storedColumns } from "./rows.ts";

interface EventRow extends BookingRow {
  readonly kind: BookingEventKind;
  readonly actor: string;
  readonly event_ms: number;
}

/** The host's events behind a sequence, in order. */
export async function readEvents(
  pool: Pool,
  hostId: string,
  afterSequence: number,
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
             where b.host_id = $1 and b.sequence > $2::int8
             order by b.sequence limit $3`,
      values: [hostId, afterSequence, limit],
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
