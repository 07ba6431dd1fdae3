/** The ways in which open time shrinks, with one face: each test of the fence forces its order of events with each of them. */

import { difference, type Interval, merge } from "../../shared/interval.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import type { Clients } from "../support/clients.ts";
import { hours } from "../support/hosts-time.ts";
import { openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import type { FenceKind } from "../support/steps.ts";
import { daily, hoursRequest } from "../support/weekly-hours.ts";
import type { FenceStage } from "./fence-stage.ts";

export interface Shrinking {
  /** Makes the stage's host bookable in some hours of tomorrow. */
  readonly open: (range: Interval) => Promise<void>;
  /** Closes them, or a part of them, through the first pair. Returns how that ends. */
  readonly close: (range: Interval) => Promise<string>;
}

export interface Way {
  readonly call: "RemoveAvailability" | "SetWeeklyHours";
  /** The fence of the call at which a test forces something. */
  readonly at: FenceKind;
}

/**
 * Hours have no end: Booking is first asked when the host's last booking ends, and about ranges only if one can be in them.
 * The first question is the only one where there is none.
 */
export const ways: readonly Way[] = [
  { call: "RemoveAvailability", at: "ranges" },
  { call: "SetWeeklyHours", at: "last booking" },
  { call: "SetWeeklyHours", at: "ranges" },
];

/** For a stage's host at hand. What it has from elsewhere, if only a booking late in the day, both ways leave alone. */
export async function shrinkingBy({ call, at }: Way, stage: FenceStage): Promise<Shrinking> {
  const { hostId } = stage;
  const { clients } = stage.pairs[0];
  if (call === "RemoveAvailability") {
    return { open: (range) => openTime(clients, hostId, range), close: (range) => stage.remove(range) };
  }
  if (at === "ranges") {
    await openTime(clients, hostId, hours(22, 23));
    await stage.book(hours(22, 23));
  }
  let everyDay: Interval[] = [];
  const set = async (wanted: Interval[]): Promise<void> => {
    await setEveryDay(clients, hostId, wanted);
    everyDay = wanted;
  };
  return {
    open: (range) => set(merge([...everyDay, range])),
    close: (range) => outcomeOf(set(difference(everyDay, [range]))),
  };
}

/** Sets weekly hours from today on that are the same every day: some hours of tomorrow (UTC). */
export async function setEveryDay(
  { availability }: Pick<Clients, "availability">,
  hostId: string,
  ranges: readonly Interval[],
  others: Parameters<typeof hoursRequest>[2] = {},
): Promise<void> {
  const texts = ranges.map(({ start, end }) => `${timeOfDay(start)}-${timeOfDay(end)}`);
  await availability.setWeeklyHours(hoursRequest(hostId, daily(...texts), others));
}

function timeOfDay(instant: number): string {
  const minutes = (instant - tomorrow(0)) / MINUTE_MS;
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}
