/** What callers were told about each of their changes, and whether the databases agree with it. */

import { expect } from "vitest";
import { millis } from "../../shared/postgres/range.ts";
import { onServer } from "../support/server.ts";

/**
 * - `done`: it succeeded, so it is stored, once.
 * - `refused`: it was refused with certainty, so it is not stored.
 * - `unknown`: OUTCOME_UNKNOWN, or the deadline passed: stored once, or not.
 */
export type Told = "done" | "refused" | "unknown";

/** The changes of one booking that one caller asked for, in order, and what it was told about each. */
export interface BookingHistory {
  readonly guestId: string;
  readonly start: number;
  readonly told: { readonly kind: string; told: Told }[];
}

/** A range of time that only one caller changes: it opens the range, and perhaps closes it again. */
export interface TimeHistory {
  readonly hostId: string;
  readonly start: number;
  readonly told: { readonly kind: "add" | "remove"; told: Told }[];
}

/** A change of a host's rules, which one caller changes one after another. */
export interface RulesHistory {
  readonly hostId: string;
  told: Told;
}

export interface Histories {
  readonly bookings: BookingHistory[];
  readonly times: TimeHistory[];
  readonly rules: RulesHistory[];
  /** How often each call had each end: `create BUSY`. */
  readonly ends: Map<string, number>;
}

/** Whether `happened` is possible after what the caller was told: an `unknown` change may have happened or not. */
export function agrees(
  told: readonly { readonly kind: string; readonly told: Told }[],
  happened: readonly string[],
): boolean {
  const [first, ...others] = told;
  if (first === undefined) return happened.length === 0;
  const isNext = happened[0] === first.kind;
  if (first.told !== "done" && agrees(others, happened)) return true;
  return first.told !== "refused" && isNext && agrees(others, happened.slice(1));
}

/** Fails the test unless each history agrees with what is stored. */
export async function expectTold(urls: { availability: string; booking: string }, histories: Histories): Promise<void> {
  const stored = await onServer(urls.booking, async (client) => {
    const { rows } = await client.query<{ guest_id: string; start: number; kinds: string[] }>(
      `select guest_id, ${millis("lower((array_agg(during order by version))[1])")} as start,
              array_agg(kind order by version) as kinds
       from booking_events group by booking_id, guest_id`,
    );
    // By its guest and its first start: each caller asks for each time once.
    return Map.groupBy(rows, (row) => `${row.guest_id} ${row.start}`);
  });
  const wrong = histories.bookings.flatMap((history) => {
    const found = stored.get(`${history.guestId} ${history.start}`) ?? [];
    const happened = found.flatMap(({ kinds }) => kinds);
    return found.length <= 1 && agrees(history.told, happened) ? [] : [{ ...history, happened }];
  });
  expect(wrong).toEqual([]);

  const open = await onServer(urls.availability, async (client) => {
    const { rows } = await client.query<{ host_id: string; start: number }>(
      `select host_id, ${millis("lower(during)")} as start from openings`,
    );
    return new Set(rows.map((row) => `${row.host_id} ${row.start}`));
  });
  const wrongTimes = histories.times.flatMap((history) => {
    const isOpen = open.has(`${history.hostId} ${history.start}`);
    const may = (courses: readonly string[][]): boolean => courses.some((course) => agrees(history.told, course));
    return (isOpen ? may([["add"]]) : may([[], ["add", "remove"], ["remove"]])) ? [] : [{ ...history, isOpen }];
  });
  expect(wrongTimes).toEqual([]);
  await expectRulesTold(urls.availability, histories.rules);
}

/** Each change of rules raises their version by one. The first is the slot duration that comes with the host's first open time. */
async function expectRulesTold(url: string, changes: readonly RulesHistory[]): Promise<void> {
  const versions = await onServer(url, async (client) => {
    const { rows } = await client.query<{ host_id: string; version: number }>(
      "select host_id, rules_version::float8 as version from calendars",
    );
    return new Map(rows.map((row) => [row.host_id, row.version]));
  });
  const wrong = [...Map.groupBy(changes, ({ hostId }) => hostId)].flatMap(([hostId, told]) => {
    const [done, unknown] = ["done", "unknown"].map((which) => told.filter((each) => each.told === which).length);
    const version = (versions.get(hostId) ?? 0) - 1;
    return version >= done! && version <= done! + unknown! ? [] : [{ hostId, done, unknown, version }];
  });
  expect(wrong).toEqual([]);
}
