/** What the model knows, and what each of its answers is made of. */

import { type Instant, type Interval, overlaps } from "../../shared/interval.ts";
import type { Answer, Call } from "./calls.ts";
import type { SeenBooking, StateName } from "./seen-booking.ts";
import { type Hours, openByHours } from "./hours.ts";
import type { OpenQuarters } from "./open-time.ts";
import { NO_RULES, type Rules } from "./rules.ts";
import type { Inactive } from "./user-states.ts";

export interface Model {
  readonly openings: OpenQuarters;
  readonly closures: OpenQuarters;
  /** By date. */
  readonly hours: readonly Hours[];
  /** All that the host's weekly hours have had. */
  readonly hoursEtags: readonly string[];
  readonly rules: Rules;
  /** All that the host's rules have had. */
  readonly rulesEtags: readonly string[];
  /** 0: the host has never offered time, and none was set. */
  readonly slotQuarters: number;
  readonly inactive: Inactive;
  readonly bookings: readonly ModelBooking[];
  /** The feed, but for EXPIRED: when that is recorded is up to the service. */
  readonly events: readonly ModelEvent[];
  readonly requests: readonly { readonly call: Call; readonly answer: Answer }[];
}

export interface ModelBooking extends SeenBooking {
  /** All that it had before. */
  readonly pastEtags: readonly string[];
}

export interface ModelEvent {
  readonly kind: string;
  readonly booking: SeenBooking;
}

/** Stands for an etag that no answer has told. */
export const UNTOLD = "untold";

export const nothingYet: Model = {
  openings: new Set(),
  closures: new Set(),
  hours: [],
  hoursEtags: [],
  rules: NO_RULES,
  rulesEtags: [],
  slotQuarters: 0,
  inactive: new Set(),
  bookings: [],
  events: [],
  requests: [],
};

/** What only the service can choose, read off its answer; an answer without a booking or hours leaves it open. */
export interface Chosen {
  readonly id: string;
  readonly etag: string;
  readonly now: Instant | undefined;
  /** By the clock of the test. Weekly hours without a date begin today in their time zone. */
  readonly today: Instant;
}

export interface Step {
  readonly answer: Answer;
  readonly after: Model;
}

/** Weekly hours minus closures, plus openings. */
export function openOf({ hours, closures, openings }: Pick<Model, "hours" | "closures" | "openings">): OpenQuarters {
  return openByHours(hours).difference(closures).union(openings);
}

/** Active bookings that overlap a range, by start, then id. */
export function activeIn<B extends SeenBooking>(bookings: readonly B[], ranges: readonly Interval[]): B[] {
  const isActive = (state: StateName): boolean => state === "HELD" || state === "CONFIRMED";
  return bookings
    .filter(({ state, during }) => isActive(state) && ranges.some((range) => overlaps(during, range)))
    .toSorted(byStart);
}

/** The order of every list of bookings. */
export function byStart(a: SeenBooking, b: SeenBooking): number {
  return a.during.start - b.during.start || (a.id < b.id ? -1 : 1);
}

export function no(model: Model, reason: string): Step {
  return { answer: refused(reason), after: model };
}

export function refused(reason: string, bookingIds: readonly string[] = []): Answer {
  return { kind: "refused", reason, bookingIds };
}
