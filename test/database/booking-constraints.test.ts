import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { constraintAgainst, type MappedDatabase, openMapped } from "../support/mapped-database.ts";

describe("what Booking's database refuses, whatever the code believes", () => {
  let booking: MappedDatabase;

  beforeAll(async () => {
    booking = await openMapped("booking");
  });

  afterAll(() => booking.close());

  /** What differs from a confirmed booking of one host, from 9 to 10 in its first seat, without buffers. */
  interface Row {
    /** The last four digits of the host's id; unset: of one and the same. */
    readonly host?: string;
    /** The last four digits of the booking's; unset: another one for each, that ends as the host's does. */
    readonly id?: string;
    readonly state?: string;
    readonly during?: string;
    /** Unset: as `during`. */
    readonly occupied?: string;
    readonly seat?: number;
    readonly expires?: boolean;
    readonly name?: string;
  }

  /** The constraint that bookings break which are stored one after another. */
  async function brokenBy(...rows: readonly Row[]): Promise<unknown> {
    const insert = `
      insert into bookings (id, host_id, guest_id, during, occupied, seat, state, version, sequence, expire_time,
                            create_time, update_time, external_id)
      select ('01900000-0000-7000-8000-00000000' || id)::uuid, ('01900000-0000-7000-8000-00000000' || host)::uuid,
             gen_random_uuid(), during, occupied, seat, state, 1, 1, case when expires then now() end, now(), now(), name
      from jsonb_to_recordset($1) as booking (
        id text, host text, during tstzrange, occupied tstzrange, seat int, state text, expires boolean, name text)`;
    const full = rows.map(({ host = "00a1", state = "CONFIRMED", during = at("09:00", "10:00"), ...row }, index) => ({
      host,
      id: `0${index}${host.slice(2)}`,
      state,
      during,
      occupied: during,
      seat: 1,
      expires: state === "HELD" || state === "EXPIRED",
      ...row,
    }));
    return await constraintAgainst(booking, insert, [JSON.stringify(full)]);
  }

  const at = (start: string, end: string): string => `[2030-01-01 ${start}+00, 2030-01-01 ${end}+00)`;
  const nine = at("09:00", "10:00");
  const halfPast = at("09:30", "10:30");
  const ten = at("10:00", "11:00");

  test.each<[what: string, rows: readonly [Row, Row], constraint: string]>([
    ["two of a seat that overlap and are confirmed", [{}, { during: halfPast }], "bookings_no_overlap"],
    ["a hold over what is confirmed", [{}, { during: halfPast, state: "HELD" }], "bookings_no_overlap"],
    ["two of a seat that only touch: nothing", [{}, { during: ten }], "none"],
    ["two at one time in two seats: nothing", [{}, { seat: 2 }], "none"],
    ["two at one time in one seat of two hosts: nothing", [{}, { host: "00a2" }], "none"],
    ["one over what is cancelled: nothing", [{ state: "CANCELLED" }, {}], "none"],
    ["one over an expired hold: nothing", [{ state: "EXPIRED" }, {}], "none"],
    [
      "two that only touch, of which one's buffer lies in the other",
      [{ occupied: at("08:45", "10:15") }, { during: ten }],
      "bookings_no_overlap",
    ],
    [
      "two of which only the buffers overlap",
      [{ occupied: at("09:00", "10:16") }, { during: at("10:30", "11:00"), occupied: at("10:15", "11:00") }],
      "bookings_no_overlap",
    ],
    [
      "two of which the buffers touch: nothing",
      [{ occupied: at("09:00", "10:15") }, { during: at("10:30", "11:00"), occupied: at("10:15", "11:00") }],
      "none",
    ],
    [
      "two of which the buffers overlap in two seats: nothing",
      [{ occupied: at("08:45", "10:15") }, { during: ten, seat: 1000 }],
      "none",
    ],
  ])("%s", async (_what, rows, constraint) => {
    expect(await brokenBy(...rows)).toBe(constraint);
  });

  describe.each(["during", "occupied"])("a booking's time, in %s", (column) => {
    test.each([
      ["that is empty", "empty", "finite"],
      ["that has no end", "[2030-01-01 09:00+00,)", "finite"],
      ["that has no start", "(,2030-01-01 10:00+00)", "finite"],
      ["that ends at infinity", "[2030-01-01 09:00+00,infinity)", "finite"],
      ["that holds its end", "[2030-01-01 09:00+00,2030-01-01 10:00+00]", "half_open"],
      ["that has microseconds", "[2030-01-01 09:00:00+00,2030-01-01 10:00:00.000001+00)", "milliseconds"],
    ])("%s", async (_what, range, constraint) => {
      expect(await brokenBy({ occupied: nine, [column]: range })).toBe(`bookings_${column}_${constraint}`);
    });
  });

  const until = (start: string, end: string): string => `[2030-01-${start}+00, 2030-01-${end}+00)`;
  test.each<[what: string, row: Row, constraint: string]>([
    ["an unknown state", { state: "PENDING" }, "bookings_state"],
    ["more than 24 hours", { during: until("01 09:00", "02 09:01") }, "bookings_length"],
    ["24 hours: nothing", { during: until("01 09:00", "02 09:00") }, "none"],
    [
      "24 hours with a day before and a day after: nothing",
      { during: until("02 09:00", "03 09:00"), occupied: until("01 09:00", "04 09:00") },
      "none",
    ],
    ["more than 72 hours occupied", { occupied: until("01 08:59", "04 09:00") }, "bookings_occupied_length"],
    ["occupied later than it begins", { occupied: at("09:01", "10:00") }, "bookings_occupied_holds_during"],
    ["occupied not until it ends", { occupied: at("09:00", "09:59") }, "bookings_occupied_holds_during"],
    ["seat 0", { seat: 0 }, "bookings_seat"],
    ["seat 1000: nothing", { seat: 1000 }, "none"],
    ["seat 1001", { seat: 1001 }, "bookings_seat"],
    ["a hold that never ends", { state: "HELD", expires: false }, "bookings_expire_time_of_holds"],
    ["a confirmed booking that ends", { expires: true }, "bookings_expire_time_of_holds"],
    ["an id that does not end as its host's does", { id: "00a2" }, "bookings_id_in_bucket_of_host"],
  ])("a booking: %s", async (_what, row, constraint) => {
    expect(await brokenBy(row)).toBe(constraint);
  });

  test("one id twice, though of two hosts", async () => {
    const id = "00a1";
    expect(await brokenBy({ host: "01a1", id }, { host: "02a1", id })).toBe("bookings_id_key");
  });

  test.each<[what: string, rows: readonly [Row, Row], constraint: string]>([
    ["two that stand", [{}, {}], "bookings_external_id_key"],
    ["a hold and a confirmed one", [{ state: "HELD" }, {}], "bookings_external_id_key"],
    ["a cancelled one and one that stands: nothing", [{ state: "CANCELLED" }, {}], "none"],
    ["an expired one and one that stands: nothing", [{ state: "EXPIRED" }, {}], "none"],
    ["two cancelled ones: nothing", [{ state: "CANCELLED" }, { state: "CANCELLED" }], "none"],
    ["two hosts' bookings: nothing", [{}, { host: "00a2" }], "none"],
  ])("an external id of %s", async (_what, [first, second], constraint) => {
    const called = { name: "order 7" };
    expect(await brokenBy({ ...first, ...called }, { ...second, ...called, during: ten })).toBe(constraint);
  });

  test.each([
    ["in a state that there is not", "'GONE', 1", "users_state"],
    ["of version 0", "'ACTIVE', 0", "users_version_positive"],
    ["who is erased: nothing", "'ERASED', 2", "none"],
  ])("a user %s", async (_what, values, constraint) => {
    const insert = `insert into users (user_id, state, version, update_time) values (gen_random_uuid(), ${values}, now())`;
    expect(await constraintAgainst(booking, insert)).toBe(constraint);
  });

  test("two bookings without an external id: nothing", async () => {
    expect(await brokenBy({}, { during: ten })).toBe("none");
  });
});
