/**
 * Users. MikroORM writes the queries that read them and maps the rows; `read` runs them, because the ORM would cancel a query
 * over a connection without an error listener, and losing that one ends the process. Users are stored in plain SQL: the ORM
 * does not tell whether a connection was lost before the commit or during it.
 */

import { randomUUIDv7 } from "node:crypto";
import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import type { Pool } from "pg";
import { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import { statementOf } from "../../../shared/postgres/orm-statement.ts";
import { millis } from "../../../shared/postgres/range.ts";
import { read } from "../../../shared/postgres/read.ts";
import { isNotUnique } from "../../../shared/postgres/sqlstate.ts";
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

/** Stores a user. Throws Refusal EMAIL_TAKEN, BUSY, OUTCOME_UNKNOWN. */
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

/** What users are read with: the ORM, and its own connections. */
export interface UserReader {
  readonly orm: MikroORM;
  readonly pool: Pool;
}

/** The user with this id, or undefined. The query is cancelled when `signal` aborts. Throws Refusal BUSY. */
export async function findUser(reader: UserReader, id: string, signal: AbortSignal): Promise<User | undefined> {
  const [user] = await usersOf(reader, (users) => users.where({ id }), signal);
  return user;
}

export interface UserPage {
  /** Only users with this role; undefined: all. */
  readonly role: Role | undefined;
  /** The last id of the page before; undefined: from the first. */
  readonly afterId: string | undefined;
  readonly limit: number;
}

/** Users in the order of their ids. The query is cancelled when `signal` aborts. Throws Refusal BUSY. */
export async function findUsers(reader: UserReader, page: UserPage, signal: AbortSignal): Promise<User[]> {
  const { role, afterId, limit } = page;
  const wanted = {
    ...(role === undefined ? {} : { role }),
    ...(afterId === undefined ? {} : { id: { $gt: afterId } }),
  };
  return await usersOf(reader, (users) => users.where(wanted).orderBy({ id: "asc" }).limit(limit), signal);
}

function allUsers(em: EntityManager) {
  return em.createQueryBuilder(UserTable).select("*");
}

type UserQuery = ReturnType<typeof allUsers>;

async function usersOf(
  { orm, pool }: UserReader,
  narrow: (users: UserQuery) => UserQuery,
  signal: AbortSignal,
): Promise<User[]> {
  const em = orm.em.fork();
  const rows = await read(pool, statementOf(narrow(allUsers(em))), signal);
  return rows.map((row) => {
    const { id, email, displayName, role, createTime } = em.map(UserTable, row);
    return { id, email, displayName, role, createTime: createTime.getTime() };
  });
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
