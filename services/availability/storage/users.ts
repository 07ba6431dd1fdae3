/**
 * Users, in plain SQL. An ORM does not tell whether a connection was lost before the commit, when nothing has happened, or
 * during it; and it cancels a query over a connection whose loss nobody listens for, which would end the process.
 */

import { randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import { millis } from "../../../shared/postgres/range.ts";
import { read } from "../../../shared/postgres/read.ts";
import { sqlState, violatedConstraint } from "../../../shared/postgres/sqlstate.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";

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

interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly display_name: string;
  readonly role: Role;
  readonly create_time: Instant;
}

const columns = `id, email, display_name, role, ${millis("create_time")} as create_time`;

/** Before that of every user. */
const FIRST_ID = "00000000-0000-0000-0000-000000000000";

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
    if (sqlState(error) === "23505" && violatedConstraint(error) === "users_email_key") throw emailTaken();
    throw error;
  }
}

/** The user with this id, or undefined. The query is cancelled when `signal` aborts. Throws Refusal BUSY. */
export async function findUser(pool: Pool, id: string, signal: AbortSignal): Promise<User | undefined> {
  const query = { name: "user", text: `select ${columns} from users where id = $1`, values: [id] };
  const [row] = await read<UserRow>(pool, query, signal);
  return row === undefined ? undefined : toUser(row);
}

export interface UserPage {
  /** Only users with this role; undefined: all. */
  readonly role: Role | undefined;
  /** The last id of the page before; undefined: from the first. */
  readonly afterId: string | undefined;
  readonly limit: number;
}

/** Users in the order of their ids. The query is cancelled when `signal` aborts. Throws Refusal BUSY. */
export async function findUsers(pool: Pool, page: UserPage, signal: AbortSignal): Promise<User[]> {
  const { role, afterId = FIRST_ID, limit } = page;
  const rows = await read<UserRow>(
    pool,
    role === undefined
      ? {
          name: "users",
          text: `select ${columns} from users where id > $1 order by id limit $2`,
          values: [afterId, limit],
        }
      : {
          name: "users-of-role",
          text: `select ${columns} from users where role = $3 and id > $1 order by id limit $2`,
          values: [afterId, limit, role],
        },
    signal,
  );
  return rows.map(toUser);
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

function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    displayName: row.display_name,
    role: row.role,
    createTime: row.create_time,
  };
}
