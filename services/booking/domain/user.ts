/** What Booking knows of a host or guest: what Availability has told. */

export type UserState = "ACTIVE" | "DEACTIVATED" | "ERASED";

/** Of an active user there is nothing to know. */
export type Inactive = Exclude<UserState, "ACTIVE">;
