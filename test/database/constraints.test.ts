import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availabilityTables } from "../../services/availability/storage/tables.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { type Database, openDatabase } from "../../shared/postgres/database.ts";
import { violatedConstraint } from "../../shared/postgres/sqlstate.ts";
import { newBookingIdSql } from "../support/booking-ids.ts";
import { createDatabase } from "../support/postgres.ts";

describe("what the databases refuse, whatever the code believes", () => {
  const hostId = "01900000-0000-7000-8000-000000000001";
  const otherHostId = "01900000-0000-7000-8000-000000000002";
  let availability: { readonly database: Database; readonly drop: () => Promise<void> };
  let booking: { readonly database: Database; readonly drop: () => Promise<void> };

  beforeAll(async () => {
    availability = await open("availability");
    booking = await open("booking");
    const { pool } = availability.database;
    await pool.query("insert into users values ($1, 'host@example.org', 'Host', 'HOST')", [hostId]);
    await pool.query("insert into users values ($1, 'other-host@example.org', 'Other', 'HOST')", [otherHostId]);
    await pool.query("insert into calendars values ($1, 30)", [hostId]);
  });

  afterAll(async () => {
    for (const { database, drop } of [availability, booking]) {
      await database.close();
      await drop();
    }
  });

  async function open(kind: "availability" | "booking"): Promise<{ database: Database; drop: () => Promise<void> }> {
    const created = await createDatabase(kind);
    const entities = kind === "availability" ? availabilityTables : bookingTables;
    const options = { url: created.url, poolSize: 2, entities, migrations: [], applicationName: "schema-test" };
    return { database: await openDatabase(options), drop: () => created.drop() };
  }

  async function constraintAgainst(database: Database, sql: string, values: unknown[] = []): Promise<unknown> {
    const client = await database.pool.connect();
    try {
      await client.query("begin");
      await client.query(sql, values);
      return "none";
    } catch (error) {
      return violatedConstraint(error);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  describe.each(["openings", "closures"])("%s", (table) => {
    test.each([
      ["an empty range", "empty", "during_finite"],
      ["a range without end", "[2030-01-01 10:00+00,)", "during_finite"],
      ["a range that ends at infinity", "[2030-01-01 10:00+00,infinity)", "during_finite"],
      ["a range that holds its end", "[2030-01-01 10:00+00,2030-01-01 11:00+00]", "during_half_open"],
      ["microseconds", "[2030-01-01 10:00:00.000001+00,2030-01-01 11:00+00)", "during_milliseconds"],
      ["an overlap", "[2030-01-01 08:30+00,2030-01-01 10:00+00)", "never_touching"],
      ["a touch", "[2030-01-01 09:00+00,2030-01-01 10:00+00)", "never_touching"],
      ["a gap of a millisecond: nothing", "[2030-01-01 09:00:00.001+00,2030-01-01 10:00+00)", "none"],
    ])("%s", async (_what, during, constraint) => {
      const [column, value] = table === "openings" ? [", slot_duration_minutes", ", 30"] : ["", ""];
      const insert = `
        insert into ${table} (host_id, during${column})
        values ($1, '[2030-01-01 08:00+00,2030-01-01 09:00+00)'${value}), ($1, $2${value})`;
      const name = constraint === "none" ? constraint : `${table}_${constraint}`;
      expect(await constraintAgainst(availability.database, insert, [hostId, during])).toBe(name);
    });
  });

  test("openings: another slot duration than the host's", async () => {
    const insert = `
      insert into openings (host_id, during, slot_duration_minutes)
      values ($1, '[2030-01-01 08:00+00,2030-01-01 09:00+00)', 60)`;
    expect(await constraintAgainst(availability.database, insert, [hostId])).toBe("openings_calendar_fkey");
  });

  test.each([
    ["slot_duration_minutes", -1, 1441],
    ["minimum_notice_minutes", -1, 527_041],
    ["horizon_days", -1, 3661],
    ["buffer_before_minutes", -1, 1441],
    ["buffer_after_minutes", -1, 1441],
    ["seats", 0, 1001],
  ])("calendars: %s of %i and %i", async (column, tooFew, tooMany) => {
    const against = (value: number) =>
      constraintAgainst(availability.database, `update calendars set ${column} = $1`, [value]);
    expect(await against(tooFew)).toBe(`calendars_${column}`);
    expect(await against(tooMany)).toBe(`calendars_${column}`);
    for (const value of [tooFew + 1, tooMany - 1]) expect(await against(value)).toBe("none");
  });

  test("calendars: a negative version of the rules", async () => {
    const update = "update calendars set rules_version = -1";
    expect(await constraintAgainst(availability.database, update)).toBe("calendars_rules_version_not_negative");
  });

  test("openings: no slot duration, while the host has none either", async () => {
    const insert = `
      with calendar as (insert into calendars (host_id, slot_duration_minutes) values ($1, 0))
      insert into openings (host_id, during, slot_duration_minutes)
      values ($1, '[2030-01-01 08:00+00,2030-01-01 09:00+00)', 0)`;
    const name = "openings_slot_duration_minutes";
    expect(await constraintAgainst(availability.database, insert, [otherHostId])).toBe(name);
  });

  test.each([
    ["a second one of the host", hostId, 60, "calendars_host_id_key"],
    ["a slot of less than no time", otherHostId, -1, "calendars_slot_duration_minutes"],
    ["a slot of more than a day", otherHostId, 1441, "calendars_slot_duration_minutes"],
  ])("calendars: %s", async (_what, host, minutes, constraint) => {
    const insert = "insert into calendars (host_id, slot_duration_minutes) values ($1, $2)";
    expect(await constraintAgainst(availability.database, insert, [host, minutes])).toBe(constraint);
  });

  test.each([
    ["two from one date", [["2030-01-01"], ["2030-01-01"]], "weekly_hours_pkey"],
    ["a date after all instants", [["2200-01-01"]], "weekly_hours_from_date"],
    ["a day that no week has", [["2030-01-01", 8, "[540,600)"]], "weekly_ranges_day"],
    ["a range that is empty", [["2030-01-01", 1, "[540,540)"]], "weekly_ranges_minutes"],
    ["a range past midnight", [["2030-01-01", 1, "[1380,1441)"]], "weekly_ranges_minutes"],
    [
      "ranges of a day that overlap",
      [
        ["2030-01-01", 1, "[540,600)"],
        [undefined, 1, "[599,660)"],
      ],
      "weekly_ranges_no_overlap",
    ],
    [
      "ranges of a day that touch: nothing",
      [
        ["2030-01-01", 1, "[540,600)"],
        [undefined, 1, "[600,660)"],
      ],
      "none",
    ],
    [
      "the same range of two days: nothing",
      [
        ["2030-01-01", 1, "[540,600)"],
        [undefined, 2, "[540,600)"],
      ],
      "none",
    ],
  ])("weekly hours: %s", async (_what, rows, constraint) => {
    const statements = rows.flatMap(([date, day, minutes]) => [
      ...(date === undefined ? [] : [`insert into weekly_hours values ('${hostId}', '${date}', 'UTC')`]),
      ...(day === undefined
        ? []
        : [`insert into weekly_ranges values ('${hostId}', '2030-01-01', ${day}, '${minutes}')`]),
    ]);
    expect(await constraintAgainst(availability.database, statements.join(";"))).toBe(constraint);
  });

  test.each([
    ["an e-mail address that differs in letter case only", "HOST@example.org", "Name", "USER", "users_email_key"],
    ["an empty e-mail address", "", "Name", "USER", "users_email_length"],
    ["an empty name", "other@example.org", "", "USER", "users_display_name_length"],
    ["an unknown role", "other@example.org", "Name", "ADMIN", "users_role"],
  ])("users: %s", async (_what, email, name, role, constraint) => {
    const insert = "insert into users values (gen_random_uuid(), $1, $2, $3)";
    expect(await constraintAgainst(availability.database, insert, [email, name, role])).toBe(constraint);
  });

  test.each([
    ["two that overlap and are confirmed", "CONFIRMED", "CONFIRMED", "09:30", "bookings_no_overlap"],
    ["a hold over what is confirmed", "CONFIRMED", "HELD", "09:30", "bookings_no_overlap"],
    ["two that only touch: nothing", "CONFIRMED", "CONFIRMED", "10:00", "none"],
    ["one over what is cancelled: nothing", "CANCELLED", "CONFIRMED", "09:30", "none"],
    ["one over an expired hold: nothing", "EXPIRED", "CONFIRMED", "09:30", "none"],
    ["an unknown state", "CONFIRMED", "PENDING", "12:00", "bookings_state"],
  ])("bookings: %s", async (_what, first, second, start, constraint) => {
    const insert = `
      insert into bookings
        (id, host_id, guest_id, during, state, version, sequence, expire_time, create_time, update_time)
      select ${newBookingIdSql("$1")}, $1, gen_random_uuid(),
        tstzrange(('2030-01-01 ' || start || '+00')::timestamptz, ('2030-01-01 ' || start || '+00')::timestamptz + '1h'),
        state, 1, 1, case when state in ('HELD', 'EXPIRED') then now() end, now(), now()
      from (values ($2, '09:00'), ($3, $4)) as booking (state, start)`;
    expect(await constraintAgainst(booking.database, insert, [hostId, first, second, start])).toBe(constraint);
  });

  test.each([
    ["a booking of more than 24 hours", "25h", "CONFIRMED", false, "bookings_length"],
    ["a hold that never ends", "1h", "HELD", false, "bookings_expire_time_of_holds"],
    ["a confirmed booking that ends", "1h", "CONFIRMED", true, "bookings_expire_time_of_holds"],
  ])("bookings: %s", async (_what, length, state, expires, constraint) => {
    const insert = `
      insert into bookings
        (id, host_id, guest_id, during, state, version, sequence, expire_time, create_time, update_time)
      values (${newBookingIdSql("$1")}, $1, gen_random_uuid(),
        tstzrange('2030-01-01 09:00+00'::timestamptz, '2030-01-01 09:00+00'::timestamptz + $2::interval),
        $3, 1, 1, case when $4::boolean then now() end, now(), now())`;
    expect(await constraintAgainst(booking.database, insert, [hostId, length, state, expires])).toBe(constraint);
  });

  test.each([
    ["an id that does not end as its host's does", [["a1", "01"]], "bookings_id_in_bucket_of_host"],
    ["one that does: nothing", [["a1", "a1"]], "none"],
    [
      "one id twice, though of two hosts",
      [
        ["a1", "a1"],
        ["a1", "a1"],
      ],
      "bookings_id_key",
    ],
  ])("bookings: %s", async (_what, bookings, constraint) => {
    const insert = `
      insert into bookings (id, host_id, guest_id, during, state, version, sequence, create_time, update_time)
      select ('01900000-0000-7000-8000-0000000000' || id)::uuid, ('01900000-0000-7000-8000-00000000' || ordinal || host)::uuid,
        $1, '[2030-01-01 09:00+00, 2030-01-01 10:00+00)', 'CONFIRMED', 1, 1, now(), now()
      from jsonb_to_recordset($2) as booking (id text, host text, ordinal text)`;
    const rows = bookings.map(([id, host], index) => ({ id, host, ordinal: `0${index}` }));
    expect(await constraintAgainst(booking.database, insert, [hostId, JSON.stringify(rows)])).toBe(constraint);
  });
});
