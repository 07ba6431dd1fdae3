/** Users, read and written through MikroORM. */

import { randomUUIDv7 } from "node:crypto";
import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import {
  databaseUnreachable,
  isConnectionLost,
  sqlState,
  violatedConstraint,
} from "../../../shared/postgres/sqlstate.ts";
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

/** Stores a user. Throws Refusal EMAIL_TAKEN. */
export async function insertUser(orm: MikroORM, newUser: NewUser): Promise<User> {
  return await reachable(async () => {
    const em = orm.em.fork();
    // The time is the database's: it comes back with the insert.
    const row = em.create(UserTable, { id: randomUUIDv7(), ...newUser });
    try {
      await em.flush();
    } catch (error) {
      if (sqlState(error) === "23505" && violatedConstraint(error) === "users_email_key") {
        throw new Refusal("EMAIL_TAKEN", "another user has this e-mail address (letter case is ignored)", {
          fields: [{ field: "email", description: "belongs to another user" }],
        });
      }
      throw error;
    }
    return toUser(row);
  });
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
