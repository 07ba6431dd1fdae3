/** Wrong calls about weekly hours and exceptions from them. */

import { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Booked } from "../../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { DayOfWeek } from "../../../shared/gen/google/type/dayofweek_pb.ts";
import { WEEKLY_RANGES_MAX } from "../../../shared/limits.ts";
import { bad, type BadRequest, finer, from, type Known, NO_UUID, NOBODY } from "./row.ts";

const { setWeeklyHours, getWeeklyHours, restoreWeeklyHours, listExceptions, removeAvailability } =
  AvailabilityService.method;
const { MONDAY, TUESDAY, SUNDAY } = DayOfWeek;
const UNHEARD_OF = -1 as Booked;
const range = (start: string, end: string, day: DayOfWeek = MONDAY) => ({ day, start, end });
const good = ({ hostId }: Known) => ({
  hostId,
  timeZone: "Europe/Berlin",
  ranges: [range("09:00", "12:30"), range("13:30", "17:00")],
  slotDurationMinutes: 30,
});

/** `what`, a value of a field, and the places that are named: the field itself, if none are. */
const wrong: readonly (readonly [
  what: string,
  change: Partial<ReturnType<typeof good>> & object,
  ...fields: string[],
])[] = [
  ["an offset for a zone", { timeZone: "+02:00" }, "time_zone"],
  ["a zone and an offset", { timeZone: "UTC+2" }, "time_zone"],
  ["a zone that is none", { timeZone: "Europe/Atlantis" }, "time_zone"],
  ["an abbreviation for a zone", { timeZone: "CEST" }, "time_zone"],
  ["NUL behind a zone", { timeZone: "UTC\0" }, "time_zone"],
  ["a range of no length", { ranges: [range("09:00", "09:00")] }, "ranges[0].end"],
  ["a range over midnight", { ranges: [range("22:00", "06:00")] }, "ranges[0].end"],
  ["midnight for the end of a day", { ranges: [range("22:00", "00:00")] }, "ranges[0].end"],
  ["a range from 24:00", { ranges: [range("24:00", "24:00")] }, "ranges[0].start"],
  ["a range of nothing", { ranges: [range("", "", 0)] }, "ranges[0].day", "ranges[0].start", "ranges[0].end"],
  ["an eighth day", { ranges: [range("09:00", "12:30", 8 as DayOfWeek)] }, "ranges[0].day"],
  ["ranges that share a minute", { ranges: [range("09:00", "12:31"), range("12:30", "13:00")] }, "ranges[1].start"],
  ["the same range twice", { ranges: [range("00:00", "24:00"), range("00:00", "24:00")] }, "ranges[1].start"],
  ["one range too many", { ranges: Array.from({ length: WEEKLY_RANGES_MAX + 1 }, () => range("", "", 0)) }, "ranges"],
  ["slots of 1441 minutes", { slotDurationMinutes: 1441 }, "slot_duration_minutes"],
];

export const weeklyHours: readonly BadRequest[] = [
  bad(setWeeklyHours, "nothing", () => ({}), "INVALID_REQUEST", "host_id", "time_zone", "slot_duration_minutes"),
  ...wrong.map(([what, change, ...fields]) =>
    bad(setWeeklyHours, what, (known) => ({ ...good(known), ...change }), "INVALID_REQUEST", ...fields),
  ),
  ...["1969-12-31", "2200-01-01", "2027-02-29", "28.3.2027", "2027-03-28T00:00:00Z"].map((fromDate) =>
    bad(setWeeklyHours, `from ${fromDate}`, (known) => ({ ...good(known), fromDate }), "INVALID_REQUEST", "from_date"),
  ),
  bad(
    setWeeklyHours,
    "everything",
    () => ({
      hostId: NO_UUID,
      fromDate: "2027-02-30",
      timeZone: "\0",
      ranges: [
        range("09:00", "12:00"),
        range("9:00", "12:60", 9 as DayOfWeek),
        range("10:00", "11:00", TUESDAY),
        range("12:00", "11:00", SUNDAY),
        range("10:30", "13:00", TUESDAY),
      ],
      slotDurationMinutes: 0,
      requestId: "once",
      etag: "\n",
      booked: UNHEARD_OF,
    }),
    "INVALID_REQUEST",
    "host_id",
    "from_date",
    "time_zone",
    "ranges[1].day",
    "ranges[1].start",
    "ranges[1].end",
    "ranges[3].end",
    "ranges[4].start",
    "slot_duration_minutes",
    "etag",
    "booked",
    "request_id",
  ),
  bad(setWeeklyHours, "nobody's id", (known) => ({ ...good(known), hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(setWeeklyHours, "a guest", (known) => ({ ...good(known), hostId: known.guestId }), "NOT_A_HOST"),
  bad(
    setWeeklyHours,
    "other slots",
    (known) => ({ ...good(known), slotDurationMinutes: 45 }),
    "SLOT_DURATION_MISMATCH",
  ),
  bad(setWeeklyHours, "another etag", (known) => ({ ...good(known), etag: '"another"' }), "ETAG_MISMATCH"),
  bad(getWeeklyHours, "no id", () => ({}), "INVALID_REQUEST", "host_id"),
  bad(getWeeklyHours, "a malformed id", () => ({ hostId: NO_UUID }), "INVALID_REQUEST", "host_id"),
  bad(getWeeklyHours, "nobody's id", () => ({ hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(getWeeklyHours, "a guest", ({ guestId }) => ({ hostId: guestId }), "NOT_A_HOST"),
  bad(restoreWeeklyHours, "no times", ({ hostId }) => ({ hostId }), "INVALID_REQUEST", "start_time", "end_time"),
  bad(restoreWeeklyHours, "end at start", (known) => from(known, 9, 9), "INVALID_REQUEST", "end_time"),
  bad(
    restoreWeeklyHours,
    "a nanosecond",
    (known) => ({ ...from(known, 9, 10), startTime: finer }),
    "INVALID_REQUEST",
    "start_time",
  ),
  bad(
    restoreWeeklyHours,
    "an unheard-of thing to do about bookings",
    (known) => ({ ...from(known, 9, 10), requestId: "once", booked: UNHEARD_OF }),
    "INVALID_REQUEST",
    "booked",
    "request_id",
  ),
  bad(
    removeAvailability,
    "an unheard-of thing to do about bookings",
    (known) => ({ ...from(known, 9, 10), booked: UNHEARD_OF }),
    "INVALID_REQUEST",
    "booked",
  ),
  bad(restoreWeeklyHours, "a guest", (known) => ({ ...from(known, 9, 10), hostId: known.guestId }), "NOT_A_HOST"),
  bad(restoreWeeklyHours, "nobody's id", (known) => ({ ...from(known, 9, 10), hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(listExceptions, "367 days", (known) => from(known, 0, 367 * 24), "INVALID_REQUEST", "end_time"),
  bad(
    listExceptions,
    "an end before its start among other things",
    (known) => ({ ...from(known, 10, 9), hostId: "", pageSize: 501 }),
    "INVALID_REQUEST",
    "host_id",
    "page_size",
    "end_time",
  ),
  bad(
    listExceptions,
    "a token of another list",
    ({ hostId, pageToken }) => ({ hostId, pageSize: 1, pageToken }),
    "INVALID_REQUEST",
    "page_token",
  ),
  bad(listExceptions, "a guest", ({ guestId }) => ({ hostId: guestId }), "NOT_A_HOST"),
  bad(listExceptions, "nobody's id", () => ({ hostId: NOBODY }), "USER_NOT_FOUND"),
];
