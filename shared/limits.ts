/** The limits of the contract. Each is repeated in the comments of the field or method that it bounds. */

import { DAY_MS, HOUR_MS } from "./time-units.ts";

/** Instants of the contract lie in the years 1970 to 2199: the first that is allowed and the first that is not. */
export const FIRST_INSTANT = Date.UTC(1970, 0, 1);
export const INSTANTS_END = Date.UTC(2200, 0, 1);
/** Open time that never ends is told to end with the last instant. No booking ends later. */
export const LAST_INSTANT = INSTANTS_END - 1;

export const REQUESTED_INTERVAL_MAX_MS = 366 * DAY_MS;
export const WINDOW_MAX_MS = 366 * DAY_MS;
export const BOOKING_MAX_MS = 24 * HOUR_MS;

export const SLOT_DURATION_MINUTES_MIN = 1;
export const SLOT_DURATION_MINUTES_MAX = 1440;

export const NOTICE_MINUTES_MAX = 366 * 1440;
export const HORIZON_DAYS_MAX = 3660;
export const BUFFER_MINUTES_MAX = 1440;
export const SEATS_MAX = 1000;

export const HOLD_SECONDS_MIN = 10;
export const HOLD_SECONDS_MAX = 86_400;

export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 500;
export const PAGE_TOKEN_MAX_CHARACTERS = 1024;

export const SNAPSHOT_INTERVALS_MAX = 1000;
export const REMOVED_RANGES_MAX = 1000;
export const FENCED_RANGES_MAX = 500;
export const FENCED_BOOKINGS_MAX = 500;
/** The most bookings that a change of open time names of those whose time stays open. */
export const KEPT_BOOKINGS_MAX = 500;
/** Longer than any name in the IANA database. */
export const TIME_ZONE_MAX_CHARACTERS = 64;
/** Ranges of one week, and dates from which a host has weekly hours. */
export const WEEKLY_RANGES_MAX = 50;
export const WEEKLY_HOURS_MAX = 100;
/** More than there are states: one that is named twice counts once. */
export const STATES_MAX = 32;
/** How many bookings in the way a fence lists. */
export const FENCED_BOOKINGS_DEFAULT = 20;

export const EMAIL_MAX_CHARACTERS = 254;
/** Of a user, as the identity provider calls it. */
export const SUBJECT_MAX_CHARACTERS = 255;
export const DISPLAY_NAME_MAX_CHARACTERS = 200;
export const ETAG_MAX_CHARACTERS = 64;
export const EXTERNAL_ID_MAX_CHARACTERS = 200;
export const NOTE_MAX_CHARACTERS = 2000;
export const CANCEL_REASON_MAX_CHARACTERS = 500;
export const LABELS_MAX = 16;
export const LABEL_KEY_MAX_CHARACTERS = 63;
export const LABEL_VALUE_MAX_CHARACTERS = 200;
/** `key=value`. */
export const LABEL_FILTER_MAX_CHARACTERS = LABEL_KEY_MAX_CHARACTERS + 1 + LABEL_VALUE_MAX_CHARACTERS;

export const REQUEST_MAX_BYTES = 64 * 1024;
export const ANSWER_MAX_BYTES = 1024 * 1024;
export const ERROR_DETAILS_MAX_BYTES = 4 * 1024;
/** How many wrong fields are looked for: the details of an error have no room for more of even the shortest names. */
export const VIOLATIONS_MAX = 200;

/** How long a `request_id` is remembered at least. */
export const REQUEST_MEMORY_DAYS = 30;

/** The deadline of a unary call that names none, and the longest that one may name. */
export const DEADLINE_DEFAULT_MS = 10_000;
export const DEADLINE_MAX_MS = 60 * 60 * 1000;
