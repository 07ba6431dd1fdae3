import { Migration0001Availability } from "./0001-availability.ts";

/**
 * The migrations of the availability database, in order. Append only: a migration that has run anywhere never changes, and
 * each must leave a schema that the code before it can still work with, because that code runs until the last replica is
 * replaced.
 */
export const availabilityMigrations = [{ name: "0001-availability", class: Migration0001Availability }];
