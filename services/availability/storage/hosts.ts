import type { ClientBase, QueryConfig, QueryResultRow } from "pg";
import { Refusal } from "../../../shared/errors.ts";

/** How a query is run: on the connection of a transaction, or on one from the pool. */
export type Run = <Row extends QueryResultRow>(query: QueryConfig) => Promise<Row[]>;

/** Runs queries on the connection of a transaction. */
export function runOn(client: ClientBase): Run {
  return async <Row extends QueryResultRow>(query: QueryConfig) => (await client.query<Row>(query)).rows;
}

/** Throws Refusal USER_NOT_FOUND or NOT_A_HOST unless the user exists and is a host. Roles never change, so this lasts. */
export async function assertHost(run: Run, hostId: string): Promise<void> {
  const [user] = await run<{ role: string }>({
    name: "host-role",
    text: "select role from users where id = $1",
    values: [hostId],
  });
  if (user === undefined) throw userNotFound(hostId);
  if (user.role !== "HOST") {
    throw new Refusal("NOT_A_HOST", "the user is not a host, so it has no availability", {
      resource: { type: "User", name: hostId },
    });
  }
}

export function userNotFound(userId: string): Refusal {
  return new Refusal("USER_NOT_FOUND", "no user has this id", { resource: { type: "User", name: userId } });
}
