import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { constraintAgainst, type MappedDatabase, openMapped } from "../support/mapped-database.ts";

const INSERT_USER = "insert into users (id, email, email_key, display_name, role)";

describe("what Availability's database refuses, whatever the code believes", () => {
  const hostId = "01900000-0000-7000-8000-000000000001";
  const otherHostId = "01900000-0000-7000-8000-000000000002";
  let availability: MappedDatabase;

  beforeAll(async () => {
    availability = await openMapped("availability");
    const { pool } = availability;
    await pool.query(`${INSERT_USER} values ($1, 'host@example.org', 'host@example.org', 'Host', 'HOST')`, [hostId]);
    await pool.query(
      `${INSERT_USER} values ($1, 'other-host@example.org', 'other-host@example.org', 'Other', 'HOST')`,
      [otherHostId],
    );
    await pool.query("update users set external_id = 'taken' where id = $1", [hostId]);
    await pool.query("insert into calendars values ($1, 30)", [hostId]);
  });

  afterAll(() => availability.close());

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
      expect(await constraintAgainst(availability, insert, [hostId, during])).toBe(name);
    });
  });

  test("openings: another slot duration than the host's", async () => {
    const insert = `
      insert into openings (host_id, during, slot_duration_minutes)
      values ($1, '[2030-01-01 08:00+00,2030-01-01 09:00+00)', 60)`;
    expect(await constraintAgainst(availability, insert, [hostId])).toBe("openings_calendar_fkey");
  });

  test.each([
    ["a second one of the host", hostId, { slot_duration_minutes: 60 }, "calendars_host_id_key"],
    ["no slot duration yet: nothing", otherHostId, {}, "none"],
    ["a slot of a negative length", otherHostId, { slot_duration_minutes: -1 }, "calendars_slot_duration_minutes"],
    ["a slot of more than a day", otherHostId, { slot_duration_minutes: 1441 }, "calendars_slot_duration_minutes"],
    ["a notice of less than none", otherHostId, { minimum_notice_minutes: -1 }, "calendars_minimum_notice_minutes"],
    ["a notice of years", otherHostId, { minimum_notice_minutes: 527_041 }, "calendars_minimum_notice_minutes"],
    ["a horizon in the past", otherHostId, { horizon_days: -1 }, "calendars_horizon_days"],
    ["a horizon beyond ten years", otherHostId, { horizon_days: 3661 }, "calendars_horizon_days"],
    ["a negative buffer before", otherHostId, { buffer_before_minutes: -1 }, "calendars_buffer_before_minutes"],
    ["a buffer of days before", otherHostId, { buffer_before_minutes: 1441 }, "calendars_buffer_before_minutes"],
    ["a negative buffer after", otherHostId, { buffer_after_minutes: -1 }, "calendars_buffer_after_minutes"],
    ["a buffer of days after", otherHostId, { buffer_after_minutes: 1441 }, "calendars_buffer_after_minutes"],
    ["no seat", otherHostId, { seats: 0 }, "calendars_seats"],
    ["more seats than a host may have", otherHostId, { seats: 1001 }, "calendars_seats"],
    ["a version of less than 0", otherHostId, { rules_version: -1 }, "calendars_rules_version_not_negative"],
  ])("calendars: %s", async (_what, host, columns, constraint) => {
    const row = { slot_duration_minutes: 0, ...columns };
    const insert = `
      insert into calendars (host_id, ${Object.keys(row).join(", ")}) values ($1, ${Object.values(row).join(", ")})`;
    expect(await constraintAgainst(availability, insert, [host])).toBe(constraint);
  });

  test("openings: of a host without a slot duration", async () => {
    const inserts = `
      insert into calendars (host_id, slot_duration_minutes) values ('${otherHostId}', 0);
      insert into openings (host_id, during, slot_duration_minutes)
      values ('${otherHostId}', '[2030-01-01 08:00+00,2030-01-01 09:00+00)', 0)`;
    expect(await constraintAgainst(availability, inserts)).toBe("openings_slot_duration_minutes");
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
    expect(await constraintAgainst(availability, statements.join(";"))).toBe(constraint);
  });

  const somebody = { email: "a@b.org", email_key: "a@b.org", display_name: "A", role: "USER" };
  const nobody = { role: "USER", state: "ERASED", erase_time: "2030-01-01" };

  test.each([
    ["an address that is another user's by its key", { email_key: "host@example.org" }, "users_email_key"],
    ["an empty address", { email: "" }, "users_email_length"],
    ["an address of 255 characters", { email: "x".repeat(255) }, "users_email_length"],
    ["an empty key of an address", { email_key: "" }, "users_email_key_length"],
    ["an empty name", { display_name: "" }, "users_display_name_length"],
    ["an empty external id", { external_id: "" }, "users_external_id_length"],
    ["an external id of 256 characters", { external_id: "x".repeat(256) }, "users_external_id_length"],
    ["an external id that is another user's", { external_id: "taken" }, "users_external_id"],
    ["an unknown role", { role: "ADMIN" }, "users_role"],
    ["an unknown state", { state: "ASLEEP" }, "users_state"],
    ["a version that Booking knows and that does not exist", { told_version: "2" }, "users_told_version"],
    ["no version", { version: "0", told_version: "0" }, "users_told_version"],
    ["no address", { email: null }, "users_other_is_somebody"],
    ["no key of an address", { email_key: null }, "users_other_is_somebody"],
    ["no name", { display_name: null }, "users_other_is_somebody"],
    ["a time of an erasure that was none", { erase_time: "2030-01-01" }, "users_other_is_somebody"],
    ["nothing wrong", {}, "none"],
  ])("users: %s", async (_what, wrong, constraint) => {
    expect(await refusedBy({ ...somebody, ...wrong })).toBe(constraint);
  });

  test.each([
    ["an address", { email: "a@b.org" }, "users_erased_is_nobody"],
    ["the key of an address", { email_key: "a@b.org" }, "users_erased_is_nobody"],
    ["a name", { display_name: "A" }, "users_erased_is_nobody"],
    ["an external id", { external_id: "a" }, "users_erased_is_nobody"],
    ["no time of it", { erase_time: null }, "users_erased_is_nobody"],
    ["nothing", {}, "none"],
  ])("users: who is erased with %s left", async (_what, left, constraint) => {
    expect(await refusedBy({ ...nobody, ...left })).toBe(constraint);
  });

  async function refusedBy(columns: Readonly<Record<string, string | null>>): Promise<unknown> {
    const names = Object.keys(columns);
    const places = names.map((_name, index) => `$${index + 1}`);
    const insert = `insert into users (id, ${names.join(", ")}) values (gen_random_uuid(), ${places.join(", ")})`;
    return await constraintAgainst(availability, insert, Object.values(columns));
  }
});
