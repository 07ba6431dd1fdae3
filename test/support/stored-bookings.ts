/** Very many bookings, stored around the service. */

import type { Client } from "pg";
import type { Interval } from "../../shared/interval.ts";
import { newBookingId } from "./booking-ids.ts";
import { copyInto } from "./copy.ts";

export interface StoredBooking {
  readonly hostId: string;
  readonly guestId: string;
  readonly during: Interval;
  /** Unset: the first. */
  readonly seat?: number;
}

const COLUMNS = "host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time";

interface Kept {
  readonly drop: string;
  readonly add: string;
}

/**
 * Stores confirmed bookings of version 1 with their event each, and a row of `hosts` for each host that has none.
 * Constraints and indexes are made anew behind the rows: row by row they take several times as long.
 *
 * `exclusion`: what becomes of `bookings_no_overlap` instead. `kept`: its index grows with the rows, as in production; a new one
 * would be packed so full that for a while almost every booking split a page of it. `index`: only its index comes back, which plans
 * cannot tell from the constraint; a constraint that is added takes most of a minute to check a million rows.
 */
export async function storeBookings(
  client: Client,
  bookings: readonly StoredBooking[],
  exclusion: "kept" | "index",
): Promise<void> {
  const time = new Date().toISOString();
  const events = new Map<string, number>();
  const lines = (function* () {
    for (const { hostId, guestId, during, seat = 1 } of bookings) {
      const range = `[${new Date(during.start).toISOString()},${new Date(during.end).toISOString()})`;
      const sequence = (events.get(hostId) ?? 0) + 1;
      events.set(hostId, sequence);
      yield [newBookingId(hostId), hostId, guestId, range, range, seat, "CONFIRMED", 1, sequence, time, time].join(
        "\t",
      );
    }
  })();
  const columns = `id, ${COLUMNS}`;
  await client.query("begin");
  const kept = await detach(client, ["bookings", "booking_events"], exclusion);
  await copyInto(client, `bookings (${columns})`, lines);
  await client.query(`
    insert into booking_events
      (booking_id, ${COLUMNS}, kind, actor, event_time)
    select ${columns}, 'CONFIRMED', 'anonymous', create_time from bookings`);
  await client.query(`
    insert into hosts (host_id, sequence) select host_id, count(*) from bookings group by host_id
    on conflict (host_id) do update set sequence = excluded.sequence`);
  for (const { add } of kept) await client.query(add);
  await client.query("commit");
  await client.query("analyze");
}

/** Drops what would be kept up to date for every row, and returns the statements that bring it back. */
async function detach(
  client: Client,
  tables: readonly string[],
  exclusion: "kept" | "index",
): Promise<readonly Kept[]> {
  const { rows } = await client.query<Kept>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
            case contype when 'x' then pg_get_indexdef(conindid)
              else format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
            end as add
     from pg_constraint
     where conrelid = any($1::regclass[]) and contype <> 'n' and not (contype = 'x' and $2 = 'kept')
     union all
     select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
     from pg_index
     where indrelid = any($1::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)`,
    [tables, exclusion],
  );
  for (const { drop } of rows) await client.query(drop);
  return rows;
}
