/** Replays every host's feed and looks at each moment of it, not only at the last. */

import type { Pool } from "pg";
import { type Interval, overlaps } from "../../shared/interval.ts";
import { millis } from "../../shared/postgres/range.ts";

interface EventRow extends Interval {
  readonly host_id: string;
  readonly sequence: number;
  readonly kind: string;
  readonly actor: string;
  readonly occupied_start: number;
  readonly occupied_end: number;
  readonly seat: number;
  readonly booking_id: string;
  readonly guest_id: string;
  readonly state: string;
  readonly version: number;
  readonly expires: boolean;
  readonly create_ms: number;
}

/** The states from which a booking comes to an event, and the one in which it is then. */
const course: Readonly<Record<string, { readonly from: readonly string[]; readonly to: readonly string[] }>> = {
  HELD: { from: ["NONE"], to: ["HELD"] },
  CONFIRMED: { from: ["NONE", "HELD"], to: ["CONFIRMED"] },
  RESCHEDULED: { from: ["HELD", "CONFIRMED"], to: ["HELD", "CONFIRMED"] },
  CANCELLED: { from: ["HELD", "CONFIRMED"], to: ["CANCELLED"] },
  EXPIRED: { from: ["HELD"], to: ["EXPIRED"] },
};

/** Events that cannot have followed those before them, a line each. */
export async function brokenFeeds(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<EventRow>(
    `select host_id, sequence::float8 as sequence, kind, actor, booking_id, guest_id, state, version,
            ${millis("lower(during)")} as start, ${millis("upper(during)")} as end,
            ${millis("lower(occupied)")} as occupied_start, ${millis("upper(occupied)")} as occupied_end, seat,
            expire_time is not null as expires, ${millis("create_time")} as create_ms
     from booking_events order by host_id, sequence`,
  );
  return [...Map.groupBy(rows, (row) => row.host_id).values()].flatMap(brokenFeed);
}

function brokenFeed(events: readonly EventRow[]): string[] {
  const bookings = new Map<string, EventRow>();
  const wrong: string[] = [];
  events.forEach((event, index) => {
    const before = bookings.get(event.booking_id);
    const others = [...bookings.values()].filter((other) => other.booking_id !== event.booking_id);
    const because = [
      ...(event.sequence === index + 1 ? [] : ["is not the next"]),
      ...wrongChange(before, event),
      ...(isActive(event) && others.some((other) => isActive(other) && isInWay(other, event))
        ? ["takes a seat that is taken"]
        : []),
    ];
    wrong.push(
      ...because.map((each) => `FEED: event ${event.sequence} (${event.kind}) of host ${event.host_id} ${each}`),
    );
    bookings.set(event.booking_id, event);
  });
  return wrong;
}

/** HELD counts until it is recorded as anything else: EXPIRED precedes the booking that needs its time. */
function isActive({ state }: EventRow): boolean {
  return state === "HELD" || state === "CONFIRMED";
}

/** Whether two have one seat at one time, buffers included. */
function isInWay(one: EventRow, other: EventRow): boolean {
  const [a, b] = [one, other].map((each) => ({ start: each.occupied_start, end: each.occupied_end }));
  return one.seat === other.seat && a !== undefined && b !== undefined && overlaps(a, b);
}

function wrongChange(before: EventRow | undefined, event: EventRow): string[] {
  const { from = [], to = [] } = course[event.kind] ?? {};
  const places = ["start", "end", "occupied_start", "occupied_end", "seat"] as const;
  const isMoved = before !== undefined && places.some((place) => before[place] !== event[place]);
  const rules: Readonly<Record<string, boolean>> = {
    "comes from a state that does not lead to it": from.includes(before?.state ?? "NONE"),
    "leads to another state": to.includes(event.state),
    "changes the state of what it moves": event.kind !== "RESCHEDULED" || event.state === before?.state,
    "moves what it should not": !isMoved || event.kind === "RESCHEDULED",
    "lies outside of its occupied time": event.occupied_start <= event.start && event.end <= event.occupied_end,
    "is not the next version": event.version === (before?.version ?? 0) + 1,
    "is another guest's": before === undefined || before.guest_id === event.guest_id,
    "was created at another time": before === undefined || before.create_ms === event.create_ms,
    "has an end of its hold without being one": event.expires === ["HELD", "EXPIRED"].includes(event.state),
    "was done by somebody": event.kind !== "EXPIRED" || event.actor === "system",
  };
  return Object.entries(rules).flatMap(([because, holds]) => (holds ? [] : [because]));
}
