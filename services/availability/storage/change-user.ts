/** The only way to store users. */

import { randomUUIDv7 } from "node:crypto";
import type { PoolClient, QueryResultRow } from "pg";
import { Refusal } from "../../../shared/errors.ts";
import { queryOn } from "../../../shared/postgres/held-for.ts";
import { statementOf } from "../../../shared/postgres/orm-statement.ts";
import { isNotUnique } from "../../../shared/postgres/sqlstate.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import type { Trace } from "../../../shared/trace.ts";
import { isUuid } from "../../../shared/uuid.ts";
import { emailKey } from "../domain/email.ts";
import { type Changed, concernsBooking, isUnchanged, type Profile, type Role, type User } from "../domain/user.ts";
import { userNotFound } from "./hosts.ts";
import { allUsers, userFrom, type UserReader } from "./users.ts";

/** Stores a user. Throws Refusal EMAIL_TAKEN, EXTERNAL_ID_TAKEN, BUSY, OUTCOME_UNKNOWN. */
export async function insertUser(
  { orm, pool }: UserReader,
  role: Role,
  profile: Profile,
  trace?: Trace,
): Promise<User> {
  const id = randomUUIDv7();
  return await storing("created", () =>
    transaction(
      pool,
      async (client) => {
        await assertNobodysId(client, id, profile.externalId);
        const { rows } = await queryOn(client, {
          name: "insert-user",
          text: `
          insert into users (id, role, email, email_key, display_name, external_id) values ($1, $2, $3, $4, $5, $6)
          returning *`,
          values: [id, role, ...columnsOf(profile)],
        });
        return userFrom(orm.em.fork(), stored(rows));
      },
      { trace },
    ),
  );
}

/**
 * Stores what `change` makes of a user, under the row's lock; where that is what is there already, its version stays. A user
 * whose state or external id changes waits to be told to Booking from that commit on.
 *
 * Throws Refusal USER_NOT_FOUND, EMAIL_TAKEN, EXTERNAL_ID_TAKEN, BUSY, OUTCOME_UNKNOWN, and what `change` throws.
 */
export async function changeUser(
  { orm, pool }: UserReader,
  id: string,
  change: (user: User) => Changed,
  trace?: Trace,
): Promise<User> {
  return await storing("changed", () =>
    transaction(
      pool,
      async (client) => {
        const em = orm.em.fork();
        const found = statementOf(allUsers(em).where({ id }));
        // Not "for update": changes of the host's open time refer to the row, and some of them wait for Booking meanwhile.
        const { rows } = await queryOn(client, { ...found, text: `${found.text} for no key update` });
        const [row] = rows;
        if (row === undefined) throw userNotFound(id);
        const user = userFrom(em, row);
        const changed = change(user);
        if (isUnchanged(user, changed)) return user;
        if (changed.profile?.externalId !== user.profile?.externalId)
          await assertNobodysId(client, id, changed.profile?.externalId);
        const after = await queryOn(client, {
          name: "change-user",
          text: `
          update users
          set state = $2, email = $3, email_key = $4, display_name = $5, external_id = $6,
              erase_time = case when $2 = 'ERASED' then clock_timestamp() end,
              version = version + 1,
              told_version = case when not $7 and told_version = version then version + 1 else told_version end
          where id = $1
          returning *`,
          values: [id, changed.state, ...columnsOf(changed.profile), concernsBooking(user, changed)],
        });
        return userFrom(em, stored(after.rows));
      },
      { trace },
    ),
  );
}

/**
 * Remembers that Booking has done all that it has to about this version of a user, and so about those before. What it was told
 * late, behind a higher version, changes nothing.
 */
export async function markTold({ pool }: UserReader, { id, version }: Pick<User, "id" | "version">): Promise<void> {
  await transaction(pool, async (client) => {
    await queryOn(client, {
      name: "mark-told",
      text: "update users set told_version = $2 where id = $1 and told_version < $2",
      values: [id, version],
    });
  });
}

/**
 * Gives a user a version above the one that Booking has of it, unless Booking has what is here, or has a lower one: a database that was
 * restored to an earlier time counts again what it has counted before, and Booking takes no version twice. Of who is erased in
 * Booking alone, no version helps. Returns the user, who waits to be told to Booking again.
 */
export async function overtake(
  { orm, pool }: UserReader,
  id: string,
  { state, version }: Pick<User, "state" | "version">,
): Promise<User> {
  return await transaction(pool, async (client) => {
    await queryOn(client, {
      name: "overtake-user",
      text: `
        update users set version = $2::int + 1
        where id = $1 and version <= $2::int and (version < $2::int or state <> $3) and (state = 'ERASED' or $3 <> 'ERASED')`,
      values: [id, version, state],
    });
    const em = orm.em.fork();
    const { rows } = await queryOn(client, statementOf(allUsers(em).where({ id })));
    const [row] = rows;
    if (row === undefined) throw userNotFound(id);
    return userFrom(em, row);
  });
}

function stored(rows: readonly QueryResultRow[]): QueryResultRow {
  const [row] = rows;
  if (row === undefined) throw new Error("the user was not stored");
  return row;
}

function columnsOf(profile: Profile | undefined): (string | null)[] {
  if (profile === undefined) return [null, null, null, null];
  const { email, displayName, externalId = null } = profile;
  return [email, emailKey(email), displayName, externalId];
}

/**
 * An id goes before an external id where a token names its user, so one that is both would be the wrong user's. Ids are chosen
 * here and at random, and never deleted: one that is nobody's yet does not become another user's.
 */
async function assertNobodysId(client: PoolClient, own: string, externalId: string | undefined): Promise<void> {
  if (externalId === undefined || !isUuid(externalId)) return;
  const { rowCount } = await queryOn(client, {
    name: "user-with-id",
    text: "select from users where id = $1 and id <> $2",
    values: [externalId, own],
  });
  if (rowCount !== 0) throw externalIdTaken();
}

/** Gives the errors of storing a user their meaning. */
async function storing(what: "created" | "changed", store: () => Promise<User>): Promise<User> {
  try {
    return await store();
  } catch (error) {
    if (isNotUnique(error, "users_email_key")) throw emailTaken();
    if (isNotUnique(error, "users_external_id")) throw externalIdTaken();
    if (error instanceof Refusal && error.reason === "OUTCOME_UNKNOWN") throw perhaps(what, error);
    throw error;
  }
}

function emailTaken(): Refusal {
  return new Refusal("EMAIL_TAKEN", "another user has this e-mail address, perhaps written in another way", {
    fields: [{ field: "email", description: "belongs to another user" }],
  });
}

function externalIdTaken(): Refusal {
  return new Refusal("EXTERNAL_ID_TAKEN", "another user has this external id, or has it as its id", {
    fields: [{ field: "external_id", description: "belongs to another user" }],
  });
}

/** Calls about users have no `request_id`: to create one twice, its address does not allow, and a change is none the second time. */
function perhaps(what: "created" | "changed", unknown: Refusal): Refusal {
  const then = what === "created" ? "EMAIL_TAKEN or EXTERNAL_ID_TAKEN means it was done" : "it changes nothing twice";
  const refusal = new Refusal(
    "OUTCOME_UNKNOWN",
    `the connection to the database was lost during the commit; send the same call again: ${then}`,
    unknown.details,
  );
  refusal.cause = unknown.cause;
  return refusal;
}
