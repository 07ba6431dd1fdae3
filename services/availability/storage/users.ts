/**
 * Users. MikroORM writes the queries that read them and maps the rows; `read` runs them, because the ORM would cancel a query
 * over a connection without an error listener, and losing that one ends the process. Users are stored in plain SQL
 * (`change-user.ts`): the ORM does not tell whether a connection was lost before the commit or during it.
 */

import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import type { Pool, QueryResultRow } from "pg";
import { statementOf } from "../../../shared/postgres/orm-statement.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import { emailKey } from "../domain/email.ts";
import type { Role, User } from "../domain/user.ts";
import { User as UserTable } from "./tables.ts";

/** What users are read with: the ORM, and its own connections. */
export interface UserReader {
  readonly orm: MikroORM;
  readonly pool: Pool;
}

/** The user with this id, or undefined. The query is cancelled when the caller leaves. Throws Refusal BUSY. */
export async function findUser(reader: UserReader, id: string, caller: Reader): Promise<User | undefined> {
  const [user] = await usersOf(reader, (users) => users.where({ id }), caller);
  return user;
}

/** What a user is looked for by: what is given must all be its own. */
export interface UserNames {
  readonly email: string | undefined;
  readonly externalId: string | undefined;
}

/** The user with this address or external id, or undefined. The query is cancelled when the caller leaves. Throws Refusal BUSY. */
export async function findUserNamed(
  reader: UserReader,
  { email, externalId }: UserNames,
  caller: Reader,
): Promise<User | undefined> {
  const wanted = {
    ...(email === undefined ? {} : { emailKey: emailKey(email) }),
    ...(externalId === undefined ? {} : { externalId }),
  };
  const [user] = await usersOf(reader, (users) => users.where(wanted).limit(1), caller);
  return user;
}

export interface UserPage {
  /** Active hosts only, or those with a role, or all. */
  readonly which: "active hosts" | Role | undefined;
  /** The last id of the page before; undefined: from the first. */
  readonly afterId: string | undefined;
  readonly limit: number;
}

/** Users in the order of their ids. The query is cancelled when the caller leaves. Throws Refusal BUSY. */
export async function findUsers(reader: UserReader, page: UserPage, caller: Reader): Promise<User[]> {
  const { which, afterId, limit } = page;
  const wanted = {
    ...(which === "active hosts" ? ({ role: "HOST", state: "ACTIVE" } as const) : {}),
    ...(which === "HOST" || which === "USER" ? { role: which } : {}),
    ...(afterId === undefined ? {} : { id: { $gt: afterId } }),
  };
  return await usersOf(reader, (users) => users.where(wanted).orderBy({ id: "asc" }).limit(limit), caller);
}

/**
 * Users of whom Booking is still to be told, behind `afterId` in the order of their ids. The query is cancelled when the caller
 * leaves. Throws Refusal BUSY.
 */
export async function findUsersToTell(
  reader: UserReader,
  { afterId, limit }: { readonly afterId: string | undefined; readonly limit: number },
  caller: Reader,
): Promise<User[]> {
  const waits = "told_version < version";
  return await usersOf(
    reader,
    (users) =>
      users
        .where(waits)
        .andWhere(afterId === undefined ? {} : { id: { $gt: afterId } })
        .orderBy({ id: "asc" })
        .limit(limit),
    caller,
  );
}

export function allUsers(em: EntityManager) {
  return em.createQueryBuilder(UserTable).select("*");
}

export type UserQuery = ReturnType<typeof allUsers>;

async function usersOf(
  { orm, pool }: UserReader,
  narrow: (users: UserQuery) => UserQuery,
  caller: Reader,
): Promise<User[]> {
  const em = orm.em.fork();
  const rows = await read(pool, statementOf(narrow(allUsers(em))), caller);
  return rows.map((row) => userFrom(em, row));
}

/** A row of the table, as the driver reads it. */
export function userFrom(em: EntityManager, row: QueryResultRow): User {
  const { id, role, state, email, displayName, externalId, version, toldVersion, createTime } = em.map(UserTable, row);
  const isSomebody = typeof email === "string" && typeof displayName === "string";
  return {
    id,
    role,
    state,
    profile: isSomebody ? { email, displayName, externalId: externalId ?? undefined } : undefined,
    version,
    toldVersion,
    createTime: createTime.getTime(),
  };
}
