import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import { Refusal } from "../../../shared/errors.ts";
import { interval } from "../../../shared/interval.ts";
import { FIRST_INSTANT, LAST_INSTANT, WEEKLY_HOURS_MAX } from "../../../shared/limits.ts";
import { readNow } from "../../../shared/postgres/now.ts";
import { requestKey } from "../../../shared/request-key.ts";
import { firstChange, withPeriod } from "../domain/change.ts";
import { today } from "../domain/local-time.ts";
import type { LocalRange, Period } from "../domain/weekly-hours.ts";
import type { HostTransaction } from "../storage/change-host.ts";
import { intentAround } from "../storage/exceptions.ts";
import type { Response } from "../storage/requests.ts";
import { writePeriod } from "../storage/weekly-hours.ts";
import { announce } from "./announce.ts";
import type { Booked } from "./bookings-in.ts";
import { changeFenced } from "./change-fenced.ts";
import { changeOpenTime } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";
import { assertSeen } from "./seen-version.ts";
import { adoptSlotDuration } from "./slot-duration.ts";

export interface NewHours {
  readonly hostId: string;
  /** Undefined: today in the time zone. */
  readonly fromDate: string | undefined;
  readonly timeZone: string;
  readonly ranges: readonly LocalRange[];
  readonly slotDurationMinutes: number;
  readonly keepsBooked: boolean;
  /** What the caller has seen; undefined: anything. */
  readonly etag: string | undefined;
  readonly requestId: string | undefined;
}

export interface HoursSet {
  readonly period: Period;
  readonly slotDurationMinutes: number;
  readonly hoursVersion: number;
  readonly kept: Booked;
}

/**
 * Sets a host's weekly hours from a date on. Throws what `changeHost` and `changeOpenTime` throw, and Refusal
 * SLOT_DURATION_MISMATCH, TOO_MANY_WEEKLY_HOURS, ETAG_MISMATCH.
 */
export async function setHours<Message extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller & { readonly log: Logger },
  hours: NewHours,
  response: Response<HoursSet, Message>,
): Promise<MessageShape<Message>> {
  const { hostId, requestId } = hours;
  const key = requestKey("SetWeeklyHours", requestId, contentOf(hours));
  const answer = await changeFenced(deps, { hostId, key, response }, caller, (under) =>
    set(deps, under, hours, caller),
  );
  await announce(deps, hostId, caller);
  return answer;
}

function contentOf({ fromDate, timeZone, ranges, slotDurationMinutes, keepsBooked, etag }: NewHours) {
  const minutes = ranges.flatMap(({ day, start, end }) => [day, start, end]);
  return [fromDate, timeZone, slotDurationMinutes, keepsBooked, etag, ...minutes];
}

async function set(
  deps: SchedulingDeps,
  under: HostTransaction,
  { timeZone, ranges, slotDurationMinutes, keepsBooked, etag, fromDate }: NewHours,
  caller: Caller,
): Promise<HoursSet> {
  const { run, host } = under;
  assertSeen(etag, host.hoursVersion, "the host's weekly hours");
  const period = { fromDate: fromDate ?? today(timeZone, await readNow(run)), timeZone, ranges };
  const periods = withPeriod(host.periods, period);
  if (periods.length > WEEKLY_HOURS_MAX) throw tooManyPeriods();
  await adoptSlotDuration(under, periods.slice(0, -1), slotDurationMinutes);
  const window = interval(Math.max(firstChange(host.periods, period), FIRST_INSTANT), LAST_INSTANT);
  const before = await intentAround(run, host, window);
  const change = { window, before, after: { ...before, periods }, keepsBooked };
  const { kept } = await changeOpenTime(deps, under, change, caller);
  const hoursVersion = await writePeriod(deps.orm, run, host, period);
  return { period, slotDurationMinutes, hoursVersion, kept };
}

function tooManyPeriods(): Refusal {
  return new Refusal(
    "TOO_MANY_WEEKLY_HOURS",
    `the host has weekly hours from ${WEEKLY_HOURS_MAX} dates; set hours from an earlier date, which replaces all later ones`,
  );
}
