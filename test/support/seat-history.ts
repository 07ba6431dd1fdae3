/** Whether each booking of a feed was rightly given its seat, judged anew, event by event, by what the bookings before it occupy. */

import type { Pool } from "pg";
import { expect } from "vitest";
import { type Instant, type Interval, overlaps } from "../../shared/interval.ts";
import { millis } from "../../shared/postgres/range.ts";

interface Seated {
  readonly seat: number;
  /** Of its time without the buffers. */
  readonly begins: Instant;
  readonly occupied: Interval;
  readonly expires: Instant;
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly actor: string;
  readonly at: Instant;
  readonly begins: Instant;
  readonly start: Instant;
  readonly end: Instant;
  readonly seat: number;
  readonly expires: Instant | null;
}

/** The actor of a command that is decided by rules with so many seats: the feed tells it with each event. */
export function actorOfSeats(seats: number): string {
  return `seats ${seats}`;
}

/**
 * Fails the test unless each event gave its booking the right seat: of as many as its actor says, where fewer were taken, the
 * lowest that was free, or its own if that was. A booking that keeps its start keeps its seat where that is free behind what it has. Returns how many events there were of each kind.
 */
export async function expectRightSeats(pool: Pool, hostId: string): Promise<Record<string, number>> {
  const { rows } = await pool.query<Row>(
    `select booking_id as id, kind, actor, ${millis("event_time")} as at, seat, ${millis("expire_time")} as expires,
            ${millis("lower(during)")} as begins, ${millis("lower(occupied)")} as start, ${millis("upper(occupied)")} as end
     from booking_events where host_id = $1 order by sequence`,
    [hostId],
  );
  const active = new Map<string, Seated>();
  for (const event of rows) {
    const occupied = { start: event.start, end: event.end };
    const before = active.get(event.id);
    active.delete(event.id);
    if (event.kind === "CANCELLED" || event.kind === "EXPIRED") continue;
    if (event.kind !== "CONFIRMED" || before === undefined) {
      const seats = Number(event.actor.replace("seats ", ""));
      const inTheWay = [...active.values()].filter(
        (each) => overlaps(each.occupied, occupied) && each.expires > event.at,
      );
      const seat = before?.begins === event.begins ? stillRight(seats, inTheWay, before, occupied) : undefined;
      expect({ ...event }).toEqual({ ...event, seat: seat ?? rightSeat(seats, inTheWay, before?.seat) });
    }
    active.set(event.id, { seat: event.seat, begins: event.begins, occupied, expires: event.expires ?? Infinity });
  }
  return Object.fromEntries([...Map.groupBy(rows, ({ kind }) => kind)].map(([kind, events]) => [kind, events.length]));
}

/** The seat of a booking that kept its start, if it could keep that too. */
function stillRight(seats: number, inTheWay: readonly Seated[], own: Seated, occupied: Interval): number | undefined {
  const goesOn = occupied.end > own.occupied.end;
  const newly = goesOn ? inTheWay.filter((each) => each.occupied.end > own.occupied.end) : [];
  const taken = new Set(newly.map(({ seat }) => seat));
  return taken.has(own.seat) || taken.size >= seats ? undefined : own.seat;
}

/** Undefined: none is open. */
function rightSeat(seats: number, inTheWay: readonly Seated[], own: number | undefined): number | undefined {
  const taken = inTheWay.map(({ seat }) => seat);
  const free = Array.from({ length: seats }, (_, index) => index + 1).filter((seat) => !taken.includes(seat));
  if (new Set(taken).size >= seats) return undefined;
  return own !== undefined && free.includes(own) ? own : free[0];
}

/** The seats of a host's bookings that stand, in order. */
export async function seatsOf(pool: Pool, hostId: string): Promise<number[]> {
  const { rows } = await pool.query<{ seat: number }>(
    "select seat from bookings where host_id = $1 and state in ('HELD', 'CONFIRMED') order by seat",
    [hostId],
  );
  return rows.map(({ seat }) => seat);
}
