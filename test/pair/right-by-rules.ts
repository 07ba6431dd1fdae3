/** Whether what a host's feed says was accepted may have been accepted by some rules: a judgement of its own. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Pool } from "pg";
import type { UpdateRulesRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { type Instant, overlaps } from "../../shared/interval.ts";
import { millis } from "../../shared/postgres/range.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";

export type HostRules =
  Required<
    Pick<
      MessageInitShape<typeof UpdateRulesRequestSchema>,
      "slotDurationMinutes" | "minimumNoticeMinutes" | "bufferBeforeMinutes" | "bufferAfterMinutes" | "seats"
    >
  > extends infer All
    ? { readonly [Rule in keyof All]: number }
    : never;

const usual: HostRules = {
  slotDurationMinutes: 30,
  minimumNoticeMinutes: 0,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  seats: 4,
};

/** Each forbids what another one allows. */
export const SETS_OF_RULES: readonly HostRules[] = [
  usual,
  { ...usual, seats: 2 },
  { ...usual, minimumNoticeMinutes: 366 * 1440 },
  { ...usual, bufferBeforeMinutes: 30, bufferAfterMinutes: 45, seats: 3 },
  { ...usual, slotDurationMinutes: 60, seats: 3 },
  { ...usual, bufferAfterMinutes: 10, seats: 1 },
];

interface Event {
  readonly sequence: number;
  readonly id: string;
  readonly kind: string;
  readonly at: Instant;
  readonly start: Instant;
  readonly end: Instant;
  readonly from: Instant;
  readonly until: Instant;
  readonly seat: number;
}

export interface Part {
  readonly hostId: string;
  /** Events up to this one have been judged. Bookings of theirs are not near those behind. */
  readonly after: number;
  /** Where the host's open time, and its grid, begins. */
  readonly origin: Instant;
}

/**
 * Judges each event of a part of a host's feed, one after another: there must be one of the rules that its booking may have been
 * decided by. Tells of each for which there is none, and where the feed ends.
 */
export async function wrongBy(
  pool: Pool,
  { hostId, after, origin }: Part,
  rulesOf: (event: Pick<Event, "kind" | "id">) => readonly HostRules[],
): Promise<{ readonly wrong: string[]; readonly sequence: number }> {
  const { rows } = await pool.query<Event>(
    `select sequence::float8 as sequence, booking_id as id, kind, ${millis("event_time")} as at, seat,
            ${millis("lower(during)")} as start, ${millis("upper(during)")} as end,
            ${millis("lower(occupied)")} as from, ${millis("upper(occupied)")} as until
     from booking_events where host_id = $1 and sequence > $2 order by booking_events.sequence`,
    [hostId, after],
  );
  const active = new Map<string, Event>();
  const wrong: string[] = [];
  for (const event of rows) {
    const own = active.get(event.id);
    active.delete(event.id);
    const others = [...active.values()].filter((each) =>
      overlaps({ start: each.from, end: each.until }, { start: event.from, end: event.until }),
    );
    const taken = new Set(others.map(({ seat }) => seat));
    const rules = rulesOf(event);
    const isRight = (each: HostRules): boolean => {
      const kept = own?.start === event.start ? own : undefined;
      if (kept === undefined) return mayBe(each, event, origin) && hasFreeSeat(each, event, taken);
      return (
        mayStay(each, event, kept, origin) && (isStill(each, event, kept, others) || hasFreeSeat(each, event, taken))
      );
    };
    if (!rules.some(isRight)) {
      wrong.push(`${JSON.stringify({ event, own, taken: [...taken] })} is not right by ${JSON.stringify(rules)}`);
    }
    active.set(event.id, event);
  }
  return { wrong, sequence: rows.at(-1)?.sequence ?? after };
}

function mayBe(rules: HostRules, event: Event, origin: Instant): boolean {
  return (
    isOnGrid(rules, event.start, origin) &&
    isOnGrid(rules, event.end, origin) &&
    event.start >= event.at + rules.minimumNoticeMinutes * MINUTE_MS &&
    event.start - event.from === rules.bufferBeforeMinutes * MINUTE_MS &&
    event.until - event.end === rules.bufferAfterMinutes * MINUTE_MS
  );
}

/** A start that stays is not asked again, and what the booking had is not less for it. */
function mayStay(rules: HostRules, event: Event, own: Event, origin: Instant): boolean {
  const from = Math.max(event.start - rules.bufferBeforeMinutes * MINUTE_MS, own.from);
  const until = event.end + rules.bufferAfterMinutes * MINUTE_MS;
  return (
    isOnGrid(rules, event.end, origin) &&
    event.from === from &&
    event.until === (event.end > own.end ? until : Math.min(until, own.until))
  );
}

function isOnGrid({ slotDurationMinutes }: HostRules, instant: Instant, origin: Instant): boolean {
  return (instant - origin) % (slotDurationMinutes * MINUTE_MS) === 0;
}

function hasFreeSeat({ seats }: HostRules, { seat }: Event, taken: ReadonlySet<number>): boolean {
  return taken.size < seats && !taken.has(seat) && seat <= seats;
}

/** Whether a booking is in the seat that it had, and nobody takes that, nor all, behind what it had. */
function isStill({ seats }: HostRules, event: Event, own: Event, others: readonly Event[]): boolean {
  const newly = event.until <= own.until ? [] : others.filter(({ until }) => until > own.until);
  const taken = new Set(newly.map(({ seat }) => seat));
  return event.seat === own.seat && taken.size < seats && !taken.has(event.seat);
}
