/** Which slot each call asks for. No slot is asked for twice, except where a row is about that. */

import type { Instant, Interval } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";

export const SLOT_DURATION_MINUTES = 30;
export const OPEN_DAYS = 90;
/** Of each host's 90 days every second one is for the calls; stored bookings lie on the others, all over the same time. */
const DAY_SLOTS = DAY_MS / (SLOT_DURATION_MINUTES * MINUTE_MS);
const SLOTS_PER_HOST = (OPEN_DAYS / 2) * DAY_SLOTS;
/** Prime to the number of slots, so that stepping by it visits each once, in no order of time. */
const STEP = 577;

export const HOT_SLOT_DURATION_MINUTES = 1;
export const HOT_DAYS = 366;

export interface Call {
  readonly hostId: string;
  readonly guestId: string;
  readonly during: Interval;
}

/** Those who book and are booked. `day` is the first of the open days. */
export interface People {
  readonly hostIds: readonly string[];
  readonly guestIds: readonly string[];
  readonly day: Instant;
}

/** Slot `index` of a host, of those that are kept for the calls (`parity` 1) or for stored bookings (0). */
export function slotOf(day: Instant, index: number, parity: 0 | 1): Interval {
  const scattered = (index * STEP) % SLOTS_PER_HOST;
  const date = day + (Math.floor(scattered / DAY_SLOTS) * 2 + parity) * DAY_MS;
  const start = date + (scattered % DAY_SLOTS) * SLOT_DURATION_MINUTES * MINUTE_MS;
  return { start, end: start + SLOT_DURATION_MINUTES * MINUTE_MS };
}

/** Call `number` from 0 on: the hosts take turns. */
export function spreadCall(people: People, number: number): Call {
  const { hostIds, guestIds, day } = people;
  const index = Math.floor(number / hostIds.length);
  if (index >= SLOTS_PER_HOST) throw new Error("the hosts have no more slots: there were too many calls");
  return {
    hostId: hostIds[number % hostIds.length] as string,
    guestId: guestIds[number % guestIds.length] as string,
    during: slotOf(day, index, 1),
  };
}

/** Call `number` for a slot of one host, one minute each. */
export function hotCall(hot: People, number: number): Call {
  const { hostIds, guestIds, day } = hot;
  const start = day + number * HOT_SLOT_DURATION_MINUTES * MINUTE_MS;
  if (start >= day + HOT_DAYS * DAY_MS) throw new Error("the hot host has no more slots: there were too many calls");
  return {
    hostId: hostIds[0] as string,
    guestId: guestIds[number % guestIds.length] as string,
    during: { start, end: start + HOT_SLOT_DURATION_MINUTES * MINUTE_MS },
  };
}

/** As many as one host may have. */
export const CLASS_SEATS = 1000;

/** Call `number` for a seat of one host's classes: one class after another is filled. */
export function seatCall(teacher: People, number: number): Call {
  const { hostIds, guestIds, day } = teacher;
  return {
    hostId: hostIds[0] as string,
    guestId: guestIds[number % guestIds.length] as string,
    during: slotOf(day, Math.floor(number / CLASS_SEATS), 1),
  };
}

/** The hours that the listed host is open on a day, and how many bookings it has on all of them together. */
export const LISTED_OPENS_MS = 9 * HOUR_MS;
export const LISTED_CLOSES_MS = 17 * HOUR_MS;
export const LISTED_BOOKINGS = 180;
