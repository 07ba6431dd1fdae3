import type { Pool } from "pg";
import type { Instant } from "../../shared/interval.ts";
import { millis } from "../../shared/postgres/range.ts";
import { quarterOf } from "./quarters.ts";
import type { SeenBooking, StateName } from "./seen-booking.ts";

interface Row {
  readonly id: string;
  readonly guest_id: string;
  readonly state: StateName;
  readonly start: Instant;
  readonly end: Instant;
  readonly occupied_start: Instant;
  readonly occupied_end: Instant;
  readonly seat: number;
  readonly expire_time: Instant | null;
  readonly create_time: Instant;
  readonly update_time: Instant;
  readonly external_id: string | null;
  readonly note: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly cancel_reason: string | null;
}

/** A host's bookings as the rows that are stored, without their etags. */
export async function storedBookings(pool: Pool, hostId: string): Promise<Omit<SeenBooking, "etag">[]> {
  const { rows } = await pool.query<Row>(
    `select id, guest_id, state, ${millis("lower(during)")} as start, ${millis("upper(during)")} as end,
            ${millis("lower(occupied)")} as occupied_start, ${millis("upper(occupied)")} as occupied_end, seat,
            external_id, note, labels, cancel_reason, ${millis("expire_time")} as expire_time, ${millis("create_time")} as create_time, ${millis("update_time")} as update_time
     from bookings where host_id = $1 order by id`,
    [hostId],
  );
  return rows.map((row) => ({
    id: row.id,
    hostId,
    guestId: row.guest_id,
    during: { start: quarterOf(row.start), end: quarterOf(row.end) },
    occupied: { start: quarterOf(row.occupied_start), end: quarterOf(row.occupied_end) },
    seat: row.seat,
    state: row.state,
    expireTime: row.expire_time ?? undefined,
    createTime: row.create_time,
    updateTime: row.update_time,
    externalId: row.external_id ?? "",
    note: row.note ?? "",
    labels: row.labels ?? {},
    cancelReason: row.cancel_reason ?? "",
  }));
}
