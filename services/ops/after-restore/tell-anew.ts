/** After a restore of Booking's database: it has forgotten what it was told of users since the backup. */

import type { Client } from "pg";

const USERS_PER_PAGE = 1000;

interface ToldUser {
  readonly id: string;
  readonly state: string;
  readonly version: number;
}

/**
 * Has Availability tell Booking once more of each user of whom Booking has an earlier state, or has not done all that follows
 * from it. Returns how many. Telling is the work of the running services.
 *
 * Of whom Booking has a later state nothing is told: Availability's database was restored, its state would win, and a person
 * who was deactivated since would be active again. The audit names them.
 */
export async function tellAnew(availability: Client, booking: Client): Promise<number> {
  let told = 0;
  let after: string | undefined = "00000000-0000-0000-0000-000000000000";
  while (after !== undefined) {
    const users = await usersBehind(availability, after);
    told += await tell(availability, await forgotten(booking, users));
    after = users.at(-1)?.id;
  }
  return told;
}

/** Those of whom there was something to tell. */
async function usersBehind(availability: Client, after: string): Promise<ToldUser[]> {
  const { rows } = await availability.query<ToldUser>(
    "select id, state, version from users where version > 1 and id > $1 order by id limit $2",
    [after, USERS_PER_PAGE],
  );
  return rows;
}

/** Who is not there is active. */
async function forgotten(booking: Client, users: readonly ToldUser[]): Promise<string[]> {
  const { rows } = await booking.query<{ id: string }>(
    `select user_id as id
     from unnest($1::uuid[], $2::text[], $3::int8[]) as told (user_id, state, version)
     left join users as here using (user_id)
     where (coalesce(here.state, 'ACTIVE') <> told.state and coalesce(here.version, 0) < told.version)
       or (here.state = told.state and here.complete_time is null)`,
    [users.map(({ id }) => id), users.map(({ state }) => state), users.map(({ version }) => version)],
  );
  return rows.map(({ id }) => id);
}

/** READ WRITE: the server may have been started closed to the services. */
async function tell(availability: Client, ids: readonly string[]): Promise<number> {
  await availability.query("begin isolation level read committed read write");
  const { rowCount } = await availability.query(
    "update users set told_version = 1 where id = any($1::uuid[]) and version > 1",
    [ids],
  );
  await availability.query("commit");
  return rowCount ?? 0;
}
