/**
 * The table `users`: of each user of whom Availability has told, the state and the version of it. A row is never deleted. A
 * user without one is active.
 */

import type { Pool, PoolClient } from "pg";
import { queryOn } from "../../../shared/postgres/held-for.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import type { Statement } from "../../../shared/postgres/round-trip.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import type { Trace } from "../../../shared/trace.ts";
import type { Inactive, UserState } from "../domain/user.ts";
import { ONE_BY_ONE } from "./one-by-one.ts";

export interface InactiveRow {
  readonly user_id: string;
  readonly state: Inactive;
}

/** Those of some users who are not active. For a batch, behind its locks: see `storeUser`. */
export function inactiveOf(userIds: readonly string[]): Statement {
  return {
    name: "load-inactive-users",
    text: `select u.user_id, u.state from unnest($1::uuid[]) as asked(user_id)
           cross join lateral (
             select * from users where user_id = asked.user_id and state <> 'ACTIVE' ${ONE_BY_ONE}
           ) u`,
    values: [userIds],
  };
}

/** SQL for the state of a user who is not active, null of one who is, for a statement of a batch behind its locks. */
export function inactiveStateIn(userId: string): string {
  return `(select state from users where user_id = ${userId} and state <> 'ACTIVE')`;
}

/** SQL for whether a user is active, for a statement that reads it at one moment with something else. */
export function isActiveIn(userId: string): string {
  return `not exists (select from users where user_id = ${userId} and state <> 'ACTIVE')`;
}

export interface ToldUser {
  readonly id: string;
  readonly state: UserState;
  readonly version: number;
}

/** A user as stored. */
export interface StoredUser extends ToldUser {
  /** Whether everything has followed from the state. */
  readonly isComplete: boolean;
}

/**
 * Stores what Availability has told of a user, unless a later version is stored, or the user is erased, which is for good.
 * Returns what is stored then. It is committed when this returns: a batch that gets its locks from now on sees it. Batches that
 * had theirs before may not have.
 */
export async function storeUser(pool: Pool, { id, state, version }: ToldUser, trace?: Trace): Promise<StoredUser> {
  const store = async (client: PoolClient): Promise<StoredUser> => {
    await queryOn(client, {
      name: "store-user",
      text: `insert into users (user_id, state, version, update_time) values ($1, $2, $3, clock_timestamp())
       on conflict (user_id) do update
       set state = excluded.state, version = excluded.version, update_time = excluded.update_time, complete_time = null
       where users.version < excluded.version and (users.state <> 'ERASED' or excluded.state = 'ERASED')`,
      values: [id, state, version],
    });
    const { rows } = await queryOn<Omit<StoredUser, "id">>(client, {
      name: "stored-user",
      text: `select state, version::float8 as version, complete_time is not null as "isComplete"
             from users where user_id = $1`,
      values: [id],
    });
    const [stored] = rows;
    if (stored === undefined) throw new Error("a user was stored and is not there");
    return { id, ...stored };
  };
  return await transaction(pool, store, { trace });
}

/** Stores that everything has followed from a state, unless another one has been told meanwhile. */
export async function storeComplete(pool: Pool, { id, version }: ToldUser, caller: Reader): Promise<void> {
  const query = {
    name: "store-complete",
    text: `update users set complete_time = clock_timestamp()
           where user_id = $1 and version = $2::int8 and complete_time is null`,
    values: [id, version],
  };
  await read(pool, query, caller);
}

/** Whether Availability has told that the user is erased. Throws Refusal BUSY. */
export async function isErased(pool: Pool, userId: string, caller: Reader): Promise<boolean> {
  const query = {
    name: "is-erased",
    text: "select exists (select from users where user_id = $1 and state = 'ERASED') as is_erased",
    values: [userId],
  };
  const rows = await read<{ is_erased: boolean }>(pool, query, caller);
  return rows[0]?.is_erased === true;
}

/** Whether a host ever had a booking of a guest, in whatever state. */
export async function hasGuest(pool: Pool, hostId: string, guestId: string, caller: Reader): Promise<boolean> {
  const query = {
    name: "has-guest",
    text: "select exists (select from bookings where guest_id = $1 and host_id = $2) as has_guest",
    values: [guestId, hostId],
  };
  const rows = await read<{ has_guest: boolean }>(pool, query, caller);
  return rows[0]?.has_guest === true;
}
