import type { Pool } from "pg";

/** Remembered answers of Booking that tell of a booking as it never was: each must be the booking after some event. */
export async function answersWithoutEffect(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ request_id: string; host_id: string }>(
    `select r.request_id, r.host_id from requests r
     where not exists (
       select from booking_events e
       where e.host_id = r.host_id and e.booking_id::text = r.answer ->> 'id'
         and e.version::text = r.answer ->> 'version' and e.state = r.answer ->> 'state')`,
  );
  return rows.map((row) => `ANSWER: request ${row.request_id} of host ${row.host_id} was answered with what never was`);
}
