/** Finds what is booked with users who are not active, what is left of those who are erased, and users of whom one database says something else. */

import type { Client } from "pg";
import { atOneMoment, inBatches } from "./stored.ts";
import type { Violation } from "./violation.ts";

const SAID = "external_id is not null or note is not null or labels is not null or cancel_reason is not null";

/**
 * What people have said about a booking whose guest is erased: in the booking, in an event, or in a request that is remembered by
 * a hash of it. Where Booking is not done with the erasure, something may be left.
 */
export async function* leftOfErased(client: Client): AsyncGenerator<Violation> {
  const found = inBatches<{ host_id: string; booking_id: string; because: string }>(
    client,
    `select host_id, booking_id, because
     from (
       select host_id, id as booking_id, guest_id, 'still says something' as because from bookings where ${SAID}
       union all
       select host_id, booking_id, guest_id, 'still says something in event ' || sequence from booking_events where ${SAID}
       union all
       select host_id, booking_id, requests.guest_id, 'still says something in request ' || request_id
       from requests join booking_events using (host_id, sequence) where requests.guest_id is not null
     ) as said
     join users on user_id = guest_id
     where users.state = 'ERASED' and complete_time is not null`,
  );
  for await (const batch of found) {
    for (const { host_id: hostId, booking_id: bookingId, because } of batch) {
      yield { kind: "ERASED", hostId, bookingId, because };
    }
  }
}

/** Bookings that were made, confirmed or moved after nothing could be with their host or their guest. */
export async function* bookedWithInactive(client: Client): AsyncGenerator<Violation> {
  const found = inBatches<{ host_id: string; booking_id: string; because: string }>(
    client,
    `select host_id, booking_id, kind || ' in event ' || sequence || ', after its ' ||
              case user_id when host_id then 'host' else 'guest' end || ' was ' || users.state as because
     from users
     join (
       select host_id as person, * from booking_events union all select guest_id as person, * from booking_events
     ) as event on person = user_id
     where users.state <> 'ACTIVE' and kind in ('HELD', 'CONFIRMED', 'RESCHEDULED') and event_time > complete_time`,
  );
  for await (const batch of found) {
    for (const { host_id: hostId, booking_id: bookingId, because } of batch) {
      yield { kind: "INACTIVE", hostId, bookingId, because };
    }
  }
}

interface ToldUser {
  readonly id: string;
  readonly state: string;
  readonly version: number;
}

/** A user of whom Booking has something else. */
interface DifferingUser extends ToldUser {
  readonly inBooking: string;
}

/** One page of users behind an id, in the order of ids. */
type ReadPage = (after: string) => Promise<{ readonly told: readonly ToldUser[]; readonly last: string | undefined }>;

/**
 * Users of whom Availability has told all, and Booking has another state: one of the databases was restored to an earlier time.
 * So all are compared of whom Availability has ever told, and all of whom Booking was ever told: either may have forgotten it. One
 * whom Availability does not know has no state.
 *
 * The two cannot be read at one moment, and the services may be running. So one is only named whose version is the same after
 * Booking was read as before.
 */
export async function* otherStates(availability: Client, booking: Client): AsyncGenerator<Violation> {
  for (const readPage of [toldIn(availability), untoldIn(availability, booking)]) {
    let after: string | undefined = "00000000-0000-0000-0000-000000000000";
    while (after !== undefined) {
      const { told, last } = await readPage(after);
      for (const { id, state, inBooking } of await unchanged(availability, await differing(booking, told))) {
        yield { kind: "USER_STATE", userId: id, state, inBooking };
      }
      after = last;
    }
  }
}

/** Those of whom Availability has told. */
function toldIn(availability: Client): ReadPage {
  return async (after) => {
    const { rows: told } = await availability.query<ToldUser>(
      `select id, state, version from users where told_version = version and version > 1 and id > $1
       order by id limit 5000`,
      [after],
    );
    return { told, last: told.at(-1)?.id };
  };
}

/** Those of whom Booking was told, and Availability has told nothing. */
function untoldIn(availability: Client, booking: Client): ReadPage {
  return async (after) => {
    const { rows } = await booking.query<{ id: string }>(
      "select user_id as id from users where user_id > $1 order by user_id limit 5000",
      [after],
    );
    const { rows: told } = await availability.query<ToldUser>(
      `select asked.id, coalesce(state, 'UNKNOWN') as state, coalesce(version, 0) as version
       from unnest($1::uuid[]) as asked (id) left join users using (id) where version = 1 or version is null`,
      [rows.map(({ id }) => id)],
    );
    return { told, last: rows.at(-1)?.id };
  };
}

/** Those who have another state in Booking. Who is not there is active. */
async function differing(booking: Client, told: readonly ToldUser[]): Promise<DifferingUser[]> {
  const { rows } = await booking.query<DifferingUser>(
    `select user_id as id, told.state, told.version, coalesce(users.state, 'ACTIVE') as "inBooking"
     from unnest($1::uuid[], $2::text[], $3::int[]) as told (user_id, state, version)
     left join users using (user_id)
     where coalesce(users.state, 'ACTIVE') <> told.state`,
    [told.map(({ id }) => id), told.map(({ state }) => state), told.map(({ version }) => version)],
  );
  return rows;
}

async function unchanged(availability: Client, users: readonly DifferingUser[]): Promise<DifferingUser[]> {
  if (users.length === 0) return [];
  const { rows } = await availability.query<{ id: string }>(
    `select seen.id from unnest($1::uuid[], $2::int[]) as seen (id, version) left join users using (id)
     where coalesce(users.version, 0) = seen.version and users.told_version is not distinct from users.version`,
    [users.map(({ id }) => id), users.map(({ version }) => version)],
  );
  const same = new Set(rows.map(({ id }) => id));
  return users.filter(({ id }) => same.has(id));
}

/** Users who are erased and of whom something is left in Availability. */
export async function* erasedWhoAreSomebody(availability: Client): AsyncGenerator<Violation> {
  yield* atOneMoment(availability, async function* all() {
    const found = inBatches<{ id: string }>(
      availability,
      `select id from users where state = 'ERASED'
         and (email is not null or email_key is not null or display_name is not null or external_id is not null)`,
    );
    for await (const batch of found) for (const { id: userId } of batch) yield { kind: "ERASED_USER", userId } as const;
  });
}
