import { z } from "zod";
import { readConfig } from "../../shared/service/config.ts";
import { variables } from "../../shared/service/variables.ts";

const { DATABASE_URL } = variables;
const schema = z.object({ AVAILABILITY_DATABASE_URL: DATABASE_URL, BOOKING_DATABASE_URL: DATABASE_URL });

/** The URLs of the two databases, as the programs that need both take them. Throws ConfigError. */
export function bothDatabases(environment: Readonly<Record<string, string | undefined>>): {
  readonly availability: string;
  readonly booking: string;
} {
  const set = readConfig(schema, environment);
  return { availability: set.AVAILABILITY_DATABASE_URL, booking: set.BOOKING_DATABASE_URL };
}
