import { Migration0001Bookings } from "./0001-bookings.ts";
import { Migration0002Restores } from "./0002-restores.ts";
import { Migration0003ForgottenEvents } from "./0003-forgotten-events.ts";

/**
 * The migrations of the booking database, in order. Append only: a migration that has run anywhere never changes, and each
 * must leave a schema that the code before it can still work with, because that code runs until the last replica is
 * replaced.
 */
export const bookingMigrations = [
  { name: "0001-bookings", class: Migration0001Bookings },
  { name: "0002-restores", class: Migration0002Restores },
  { name: "0003-forgotten-events", class: Migration0003ForgottenEvents },
];
