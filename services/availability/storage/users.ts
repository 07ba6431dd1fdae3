/** Users: read through MikroORM, stored in plain SQL. */

import { randomUUIDv7 } from "node:crypto";
import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import type { Pool } from "pg";
import { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import { millis } from "../../../shared/postgres/range.ts";
import { databaseUnreachable, isConnectionLost, isNotUnique } from "../../../shared/postgres/sqlstate.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import { User as UserTable } from "./tables.ts";

export type Role = "HOST" | "USER";

export interface NewUser {
  readonly email: string;
  readonly displayName: string;
  readonly role: Role;
}

export interface User extends NewUser {
  /** UUID, version 7: the order of ids is that of creation. */
  readonly id: string;
  readonly createTime: Instant;
}

/**
 * Stores a user. In plain SQL, because the ORM does not tell whether a connection was lost before the commit, when nothing
 * has happened, or during it. Throws Refusal EMAIL_TAKEN, BUSY, OUTCOME_UNKNOWN.
 */
export async function insertUser(pool: Pool, newUser: NewUser): Promise<User> {
  const id = randomUUIDv7();
  const { email, displayName, role } = newUser;
  try {
    return await transaction(pool, async (client) => {
      const { rows } = await client.query<{ create_time: number }>({
        name: "insert-user",
        text: `
          insert into users (id, email, display_name, role) values ($1, $2, $3, $4)
          returning ${millis("create_time")} as create_time`,
        values: [id, email, displayName, role],
      });
      const [stored] = rows;
      if (stored === undefined) throw new Error("the user was not stored");
      return { id, ...newUser, createTime: stored.create_time };
    });
  } catch (error) {
    if (error instanceof Refusal && error.reason === "OUTCOME_UNKNOWN") throw perhapsCreated(error);
    if (isNotUnique(error, "users_email_key")) throw emailTaken();
    throw error;
  }
}

/** The user with this id, or undefined. The query is cancelled when `signal` aborts. */
export async function findUser(orm: MikroORM, id: string, signal: AbortSignal): Promise<User | undefined> {
  return await reachable(async () => {
    const row = await reader(orm, signal).findOne(UserTable, { id });
    return row === null ? undefined : toUser(row);
  }, signal);
}

export interface UserPage {
  /** Only users with this role; undefined: all. */
  readonly role: Role | undefined;
  /** The last id of the page before; undefined: from the first. */
  readonly afterId: string | undefined;
  readonly limit: number;
}

/** Users in the order of their ids. The query is cancelled when `signal` aborts. */
export async function findUsers(orm: MikroORM, page: UserPage, signal: AbortSignal): Promise<User[]> {
  return await reachable(async () => {
    const rows = await reader(orm, signal).find(
      UserTable,
      {
        ...(page.role === undefined ? {} : { role: page.role }),
        ...(page.afterId === undefined ? {} : { id: { $gt: page.afterId } }),
      },
      { orderBy: { id: "asc" }, limit: page.limit },
    );
    return rows.map(toUser);
  }, signal);
}

function emailTaken(): Refusal {
  return new Refusal("EMAIL_TAKEN", "another user has this e-mail address (letter case is ignored)", {
    fields: [{ field: "email", description: "belongs to another user" }],
  });
}

/** Without a `request_id` it is the address that makes one call of two. */
function perhapsCreated(unknown: Refusal): Refusal {
  const refusal = new Refusal(
    "OUTCOME_UNKNOWN",
    "the connection to the database was lost during the commit; send the same call again: EMAIL_TAKEN means it was done",
    unknown.details,
  );
  refusal.cause = unknown.cause;
  return refusal;
}

function reader(orm: MikroORM, signal: AbortSignal): EntityManager {
  return orm.em.fork({ signal, inflightQueryAbortStrategy: "cancel query" });
}

function toUser(row: { id: string; email: string; displayName: string; role: Role; createTime: Date }): User {
  const { id, email, displayName, role, createTime } = row;
  return { id, email, displayName, role, createTime: createTime.getTime() };
}

async function reachable<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // MikroORM wraps the reason of the abort into an error of the database's.
    signal?.throwIfAborted();
    throw isConnectionLost(error) ? databaseUnreachable(error) : error;
  }
}
