/**
 * The users and bookings that conversations are about. Their ids never change, so that the bytes of one run mean the
 * same in the next. That is why the run stores them in the databases itself: services choose ids of their own.
 */

import { onServer } from "../support/server.ts";

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `019a0000-0000-7000-8000-${prefix}0000000${(index + 1).toString(16)}01`);

export const hostIds: readonly string[] = numbered("00", 4);
export const guestIds: readonly string[] = numbered("01", 4);
/** Some whom calls may erase, and without whom the other calls go on. */
export const erasedIds: readonly string[] = numbered("03", 4);
/** Bookings of the first host: a booking's id ends as its host's does. */
export const bookingIds: readonly string[] = numbered("02", 8);

/** So late that every booking lies in the future, whenever the run is. */
export const FIRST_DAY = Date.UTC(2150, 0, 1);

export async function storeWorld(databases: {
  readonly availability: string;
  readonly booking: string;
}): Promise<void> {
  await onServer(databases.availability, async (client) => {
    await client.query(
      `insert into users (id, email, email_key, display_name, role)
       select id, id || '@fuzz.test', id || '@fuzz.test', 'Somebody', role
       from (select unnest($1::uuid[]) as id, 'HOST' as role union all select unnest($2::uuid[]), 'USER') as people`,
      [hostIds, [...guestIds, ...erasedIds]],
    );
    await client.query(
      `with calendar as (insert into calendars (host_id, slot_duration_minutes) select unnest($1::uuid[]), 30)
       insert into openings (host_id, during, slot_duration_minutes)
       select host_id, tstzrange($2::timestamptz, $2::timestamptz + interval '90 days'), 30
       from unnest($1::uuid[]) as host_id`,
      [hostIds, new Date(FIRST_DAY)],
    );
  });
  await onServer(databases.booking, async (client) => {
    const columns = "id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time";
    await client.query(
      `insert into bookings (${columns})
       select id, $2, $3, during, during, 1, 'CONFIRMED', 1, day, now(), now()
       from unnest($1::uuid[]) with ordinality as booked (id, day),
         lateral (select $4::timestamptz + day * interval '1 day' as starts) as start,
         lateral (select tstzrange(starts, starts + interval '30 minutes') as during) as times`,
      [bookingIds, hostIds[0], guestIds[0], new Date(FIRST_DAY)],
    );
    await client.query(
      `insert into booking_events (${columns.replace("id", "booking_id")}, kind, actor, event_time)
       select ${columns}, 'CONFIRMED', 'fuzz', now() from bookings`,
    );
    await client.query("insert into hosts (host_id, sequence) values ($1, $2)", [hostIds[0], bookingIds.length]);
  });
}
