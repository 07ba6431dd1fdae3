/** Dates, time zones and times of day just inside and just outside of their rules. */

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { FieldRules } from "../../services/gateway/contract/rules.ts";

/** A value of a field to be tried. */
export interface Try {
  readonly what: string;
  readonly value: JsonValue;
  readonly isGood: boolean;
  /** Other fields that the value needs. */
  readonly with?: JsonObject;
  /** What follows the field's name in the path. */
  readonly at?: string;
}

const dates = tries({
  good: ["1970-01-01", "2028-02-29", "2199-12-31"],
  bad: ["1969-12-31", "2027-02-29", "2200-01-01", "2027-3-28", "2027-03-28T00:00:00Z"],
});
const timeZones = tries({
  good: ["UTC", "Etc/GMT-2", "EST5EDT", "europe/berlin", "America/Argentina/ComodRivadavia"],
  bad: ["+02:00", "UTC+2", "Z", "CEST", "Europe/Atlantis", "Europe/Berlin ", "x".repeat(65)],
});
const timesOfDay = tries({ good: ["00:00", "23:59"], bad: ["24:00", "12:60", "9:00", "09:00:00", "-1:00"] });

/** Undefined for a text with other rules. */
export function localTimes({ isDate, isTimeZone, timeOfDay }: FieldRules): readonly Try[] | undefined {
  if (isDate) return dates;
  if (isTimeZone) return timeZones;
  return timeOfDay?.follows === undefined ? timeOfDay && timesOfDay : endsOfRanges(timeOfDay.follows);
}

function endsOfRanges(follows: string): Try[] {
  const after = (start: string, value: string, isGood: boolean): Try => ({
    what: `${value} after ${start}`,
    value,
    isGood,
    with: { [follows]: start },
  });
  return [
    after("00:00", "00:00", false),
    after("00:00", "00:01", true),
    after("09:00", "09:00", false),
    after("09:00", "08:59", false),
    after("23:59", "24:00", true),
    after("23:59", "24:01", false),
  ];
}

function tries({ good, bad }: Readonly<Record<"good" | "bad", readonly string[]>>): Try[] {
  const of = (values: readonly string[], isGood: boolean): Try[] =>
    values.map((value) => ({ what: JSON.stringify(value), value, isGood }));
  return [...of(good, true), ...of(bad, false)];
}
