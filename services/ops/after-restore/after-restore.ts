import type { Client } from "pg";
import { raiseAfterRestore } from "../../booking/storage/restores.ts";
import type { DatabaseUrls } from "../audit/audit.ts";
import { isLockTimeout, isUndefinedTable } from "../../../shared/postgres/sqlstate.ts";
import { CONNECT_TIMEOUT_MS, PrimaryClient } from "../../../shared/postgres/primary-client.ts";
import { tellAnew } from "./tell-anew.ts";

export interface Mended {
  /** What all generations and sequences were raised to. */
  readonly raisedTo: number;
  /** Of how many users Availability tells Booking once more. */
  readonly usersToTell: number;
}

/**
 * Ends all that was remembered of the time that a restore has undone, and has Booking told again what it has forgotten. It may
 * be run as often as you like: a second run raises once more, which costs each replica a few asks and each watcher nothing.
 */
export async function mendAfterRestore(urls: DatabaseUrls): Promise<Mended> {
  await using open = new AsyncDisposableStack();
  const connect = async (url: string): Promise<Client> => {
    const client = new PrimaryClient({
      connectionString: url,
      application_name: "slotwright-after-restore",
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    // The query that is under way rejects as well; without a listener, the event would end the process first.
    client.on("error", () => undefined);
    await client.connect();
    open.defer(() => client.end());
    return client;
  };
  const availability = await connect(urls.availability);
  const booking = await connect(urls.booking);
  try {
    const raisedTo = await raiseAfterRestore(booking);
    return { raisedTo, usersToTell: await tellAnew(availability, booking) };
  } catch (error) {
    if (isUndefinedTable(error))
      throw new Error("a database lacks tables: run `npm run migrate` first", { cause: error });
    if (isLockTimeout(error))
      throw new Error("something reads the hosts for long, such as a dump: try again", { cause: error });
    throw error;
  }
}
