/** Whom tokens name: users by id, or else by external id. */

import type { Pool } from "pg";
import { read } from "../../../shared/postgres/read.ts";
import { isUuid } from "../../../shared/uuid.ts";
import type { User } from "../domain/user.ts";

/** The user whom a subject names. */
export type SubjectUser = Pick<User, "id" | "role" | "state">;

/**
 * The users whom the subjects name, in the order of the subjects; undefined where there is none. An id may have any letter case,
 * an external id is compared as it is. Throws Refusal BUSY.
 */
export async function findSubjects(
  pool: Pool,
  subjects: readonly string[],
): Promise<readonly (SubjectUser | undefined)[]> {
  const rows = await read<SubjectUser | { readonly id: null }>(pool, {
    name: "find-subjects",
    // Each index is asked for each subject: a join would let PostgreSQL choose to read all users.
    text: `
      select users.id, users.role, users.state
      from unnest($1::text[], $2::uuid[]) with ordinality as asked(subject, id, place)
      left join users on users.id = coalesce(
        (select named.id from users named where named.id = asked.id),
        (select named.id from users named where named.external_id = asked.subject))
      order by asked.place`,
    values: [subjects, subjects.map((subject) => (isUuid(subject) ? subject : null))],
  });
  return rows.map((row) => (row.id === null ? undefined : row));
}
