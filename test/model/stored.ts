import type { Pool } from "pg";
import type { Instant } from "../../shared/interval.ts";
import { millis } from "../../shared/postgres/range.ts";
import { quarterOf } from "./quarters.ts";
import type { SeenBooking, StateName } from "./calls.ts";

interface Row {
  readonly id: string;
  readonly guest_id: string;
  readonly state: StateName;
  readonly start: Instant;
  readonly end: Instant;
  readonly expire_time: Instant | null;
  readonly create_time: Instant;
  readonly update_time: Instant;
}

/** A host's bookings as the rows that are stored, without their etags. */
export async function storedBookings(pool: Pool, hostId: string): Promise<Omit<SeenBooking, "etag">[]> {
  const { rows } = await pool.query<Row>(
    `select id, guest_id, state, ${millis("lower(during)")} as start, ${millis("upper(during)")} as end,
            ${millis("expire_time")} as expire_time, ${millis("create_time")} as create_time, ${millis("update_time")} as update_time
     from bookings where host_id = $1 order by id`,
    [hostId],
  );
  return rows.map((row) => ({
    id: row.id,
    hostId,
    guestId: row.guest_id,
    during: { start: quarterOf(row.start), end: quarterOf(row.end) },
    state: row.state,
    expireTime: row.expire_time ?? undefined,
    createTime: row.create_time,
    updateTime: row.update_time,
  }));
}
