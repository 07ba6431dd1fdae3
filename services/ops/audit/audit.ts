/**
 * Compares what the two databases hold with what the services promise. It shares no code with them but the names of tables
 * and columns: a second opinion that repeats the first one's mistakes is worth nothing.
 */

import type { Client } from "pg";
import { assertOwnSessions } from "../../../shared/postgres/session.ts";
import { activeBookings } from "./bookings.ts";
import { feedEnds, feedGaps, replays } from "./feeds.ts";
import { type Databases, outside } from "./outside.ts";
import { withUnknownGuests } from "./guests.ts";
import { overlapFinder } from "./overlaps.ts";
import { lostAnswers } from "./requests.ts";
import { misplaced, sharedNames } from "./stored-bookings.ts";
import { atOneMoment, connectForReading } from "./stored.ts";
import { bookedWithInactive, erasedWhoAreSomebody, leftOfErased, otherStates } from "./users.ts";
import type { Violation } from "./violation.ts";
import { compareZones, type ZoneComparison } from "./zones.ts";
import { nodeOffsets, type OffsetsOf } from "./zone-data.ts";

export interface DatabaseUrls {
  readonly availability: string;
  readonly booking: string;
}

export interface AuditOptions {
  /** How local times are read. By default with the zone data of Node.js, as the services read them. */
  readonly offsetsOf?: OffsetsOf;
  /** Is told before all else how PostgreSQL reads the zones in use. */
  readonly tellZones?: (comparison: ZoneComparison) => void;
}

/**
 * Names every active, unended booking outside open time or with a guest who is unknown, every overlap of active bookings in one seat, every booking in no seat
 * or for a part of its time only, every external id that two standing bookings have, every gap in a feed, every booking that its
 * feed does not lead to, every remembered request whose answer is lost, everything that
 * is booked with a user who is not active or left of one who is erased, and every user of whom the databases say different things.
 * Buffers may reach outside open time, and a host may have fewer seats than are taken. May run beside the services: it takes no lock that they wait for. Memory does not grow with
 * the databases.
 *
 * Bookings are read as of one moment, on the primary: what a replica has not heard of yet would be missed. Rejects if a
 * database cannot be read, or has sessions that are not its alone; and, after all else, if the open time around a booking
 * cannot be derived, because a zone is not known.
 */
export async function* audit(
  urls: DatabaseUrls,
  { offsetsOf = nodeOffsets, tellZones }: AuditOptions = {},
): AsyncGenerator<Violation> {
  const unknownZones = new Set<string>();
  const connections: Client[] = [];
  const connect = async (url: string): Promise<Client> => {
    const client = await connectForReading(url);
    connections.push(client);
    return client;
  };
  try {
    for (const url of [urls.availability, urls.booking]) await assertOwnSessions({ connectionString: url });
    const availability = await connect(urls.availability);
    const booking = await connect(urls.booking);
    const stored = await connect(urls.booking);
    tellZones?.(await compareZones({ availability, booking }, offsetsOf));
    yield* atOneMoment(stored, async function* all() {
      yield* activeTime(stored, { availability, booking }, offsetsOf, unknownZones);
      yield* misplaced(stored);
      yield* sharedNames(stored);
      yield* feedGaps(stored);
      yield* feedEnds(stored);
      yield* replays(stored);
      yield* lostAnswers(stored);
      yield* leftOfErased(stored);
      yield* bookedWithInactive(stored);
    });
    yield* erasedWhoAreSomebody(availability);
    yield* otherStates(availability, booking);
  } finally {
    await Promise.allSettled(connections.map((client) => client.end()));
  }
  if (unknownZones.size === 0) return;
  throw new Error(`there are bookings in hours of a time zone that is not known: ${[...unknownZones].join(", ")}`);
}

async function* activeTime(
  stored: Client,
  databases: Databases,
  offsetsOf: OffsetsOf,
  unknownZones: Set<string>,
): AsyncGenerator<Violation> {
  const overlapOf = overlapFinder();
  for await (const batch of activeBookings(stored)) {
    yield* batch.map(overlapOf).filter((overlap) => overlap !== undefined);
    const found = await outside(databases, batch, offsetsOf);
    yield* found.violations;
    yield* await withUnknownGuests(databases.availability, batch);
    for (const zone of found.unknownZones) unknownZones.add(zone);
  }
}
