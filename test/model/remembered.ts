import type { Pool } from "pg";

/** Remembered answers of Booking that cannot be what the call was told: each is the booking after an event that fits the call. */
export async function answersWithoutEffect(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ request_id: string; host_id: string }>(
    `select r.request_id, r.host_id from requests r
     left join booking_events e using (host_id, sequence)
     where not coalesce(
       case r.method
         when 'CreateBooking' then e.version = 1
         when 'ConfirmBooking' then e.state = 'CONFIRMED'
         when 'CancelBooking' then e.state = 'CANCELLED'
         when 'RescheduleBooking' then e.kind = 'RESCHEDULED'
       end, false)`,
  );
  return rows.map((row) => `ANSWER: request ${row.request_id} of host ${row.host_id} was answered with what never was`);
}
