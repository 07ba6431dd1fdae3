/** Who the users are that our own bookings name. */

import type { Pool } from "pg";
import type { Claims } from "../../../shared/auth/claims.ts";
import type { TokenUser } from "../../../shared/auth/identify.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import { isUuid } from "../../../shared/uuid.ts";

/**
 * The user whose id is the claims' subject, if it was booked or has booked with a role that the token vouches for. Roles never
 * change. Whether it is erased is as Availability told last. External ids are not ours to know. Throws Refusal BUSY; the query is
 * cancelled when the caller leaves.
 */
export async function findPerson(
  pool: Pool,
  { subject, roles }: Claims,
  caller: Reader,
): Promise<TokenUser | undefined> {
  if (!isUuid(subject)) return undefined;
  const [row] = await read<{ is_host: boolean; is_guest: boolean; is_erased: boolean }>(
    pool,
    {
      name: "find-person",
      text: `select exists (select from hosts where host_id = $1) as is_host,
                    exists (select from bookings where guest_id = $1) as is_guest,
                    exists (select from users where user_id = $1 and state = 'ERASED') as is_erased`,
      values: [subject],
    },
    caller,
  );
  if (row === undefined) return undefined;
  const user = { id: subject.toLowerCase(), isErased: row.is_erased };
  if (row.is_host && roles.includes("HOST")) return { ...user, role: "HOST" };
  if (row.is_guest && roles.includes("USER")) return { ...user, role: "USER" };
  return undefined;
}
