/**
 * Compares what the two databases hold with what the services promise. It shares no code with them but the names of tables
 * and columns: a second opinion that repeats the first one's mistakes is worth nothing.
 */

import type { Client } from "pg";
import { assertOwnSessions } from "../../../shared/postgres/session.ts";
import { activeBookings } from "./bookings.ts";
import { feedEnds, feedGaps, replays } from "./feeds.ts";
import { lostAnswers } from "./requests.ts";
import { outside } from "./outside.ts";
import { overlapFinder } from "./overlaps.ts";
import { atOneMoment, connectForReading } from "./stored.ts";
import type { Violation } from "./violation.ts";

export interface DatabaseUrls {
  readonly availability: string;
  readonly booking: string;
}

/**
 * Names every active, unended booking outside availability, every overlap of active bookings, every gap in a feed, every
 * booking that its feed does not lead to, and every remembered request whose answer is lost. May run beside the services: it takes no lock that they wait for. Memory does not
 * grow with the databases.
 *
 * Bookings are read as of one moment, on the primary: what a replica has not heard of yet would be missed. Rejects if a
 * database cannot be read, or has sessions that are not its alone.
 */
export async function* audit(urls: DatabaseUrls): AsyncGenerator<Violation> {
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
    yield* atOneMoment(stored, async function* all() {
      yield* activeTime(stored, { availability, booking });
      yield* feedGaps(stored);
      yield* feedEnds(stored);
      yield* replays(stored);
      yield* lostAnswers(stored);
    });
  } finally {
    await Promise.allSettled(connections.map((client) => client.end()));
  }
}

async function* activeTime(stored: Client, databases: Parameters<typeof outside>[0]): AsyncGenerator<Violation> {
  const overlapOf = overlapFinder();
  for await (const batch of activeBookings(stored)) {
    yield* batch.map(overlapOf).filter((overlap) => overlap !== undefined);
    yield* await outside(databases, batch);
  }
}
