/** What people have said about a guest's bookings, to be erased. Each statement looks for what is left, so it can be stopped anywhere. */

import type { Pool } from "pg";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import { NO_ID } from "./bookings.ts";
import { SAID } from "./rows.ts";

export interface SaidBooking {
  readonly hostId: string;
  readonly bookingId: string;
}

/** Some of the guest's bookings that something is said about, behind `after` in the order of their ids; undefined: from the first. */
export async function saidBookingsOf(
  pool: Pool,
  guestId: string,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
  caller: Reader,
): Promise<SaidBooking[]> {
  const query = {
    name: "said-bookings",
    text: `select host_id, id from bookings where guest_id = $1 and id > $2 and (${SAID}) order by id limit $3`,
    values: [guestId, after ?? NO_ID, limit],
  };
  const rows = await read<{ host_id: string; id: string }>(pool, query, caller);
  return rows.map((row) => ({ hostId: row.host_id, bookingId: row.id }));
}

/** Erases it in some of the guest's events, those of bookings that say nothing any more. Returns in how many. */
export async function eraseEvents(pool: Pool, guestId: string, limit: number, caller: Reader): Promise<number> {
  const query = {
    name: "erase-events",
    text: `update booking_events set external_id = null, note = null, labels = null, cancel_reason = null
           where ctid = any (array(
             select ctid from booking_events e where guest_id = $1 and (${SAID}) and not exists (
               select from bookings where host_id = e.host_id and id = e.booking_id and (${SAID}))
             limit $2 for update skip locked))
           returning true as is_erased`,
    values: [guestId, limit],
  };
  return (await read<{ is_erased: true }>(pool, query, caller)).length;
}

/** Forgets some of the requests that said it. Returns how many. */
export async function forgetSayingRequests(
  pool: Pool,
  guestId: string,
  limit: number,
  caller: Reader,
): Promise<number> {
  const query = {
    name: "forget-saying-requests",
    text: `delete from requests where ctid = any (array(
             select ctid from requests where guest_id = $1 limit $2 for update skip locked))
           returning true as is_forgotten`,
    values: [guestId, limit],
  };
  return (await read<{ is_forgotten: true }>(pool, query, caller)).length;
}

/** Whether nothing is left. Another replica may have been at it too, and the statements above pass over what it has under way. */
export async function isNothingSaidOf(pool: Pool, guestId: string, caller: Reader): Promise<boolean> {
  const query = {
    name: "is-nothing-said",
    text: `select not exists (select from bookings where guest_id = $1 and (${SAID}))
              and not exists (select from booking_events where guest_id = $1 and (${SAID}))
              and not exists (select from requests where guest_id = $1) as is_nothing`,
    values: [guestId],
  };
  const rows = await read<{ is_nothing: boolean }>(pool, query, caller);
  return rows[0]?.is_nothing === true;
}
