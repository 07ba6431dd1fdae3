/** Wrong calls of CreateBooking. */

import { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { bad, type BadRequest, finer, from, type Known, NO_UUID, NOBODY, YEAR_1, YEAR_9999 } from "./row.ts";

const { createBooking } = BookingService.method;
const slot = (known: Known) => ({ ...from(known, 10, 10.5), guestId: known.guestId });

const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

/** What is wrong with what a booking is about, and the fields that are named. */
const details: readonly (readonly [what: string, change: object, ...fields: string[]])[] = [
  ["an external id of 201 characters", { externalId: "x".repeat(201) }, "external_id"],
  ["an external id of two lines", { externalId: "a\nb" }, "external_id"],
  ["a note of 2001 characters", { note: "🙂".repeat(2001) }, "note"],
  ["a note with a control character", { note: "a\n\u001B[31mb" }, "note"],
  ["17 labels", { labels: labels(17) }, "labels"],
  ["an empty key", { labels: { "": "v" } }, "labels"],
  ["a key with =", { labels: { "a=b": "v" } }, "labels"],
  ["a key of 64 characters", { labels: { ["k".repeat(64)]: "v" } }, "labels"],
  ["a key of two lines", { labels: { "a\nb": "v" } }, "labels"],
  ["a label of 201 characters", { labels: { k: "v".repeat(201) } }, "labels"],
  ["a label with NUL", { labels: { good: "v", k: "a\0" } }, "labels"],
  [
    "all that a booking is about",
    { externalId: "\0", note: "\0", labels: { "\0": "\0" }, requestId: "once" },
    "request_id",
    "external_id",
    "note",
    "labels",
  ],
];

export const creates: readonly BadRequest[] = [
  bad(createBooking, "nothing at all", () => ({}), "INVALID_REQUEST", "host_id", "guest_id", "start_time", "end_time"),
  bad(
    createBooking,
    "malformed ids",
    (known) => ({ ...slot(known), hostId: NO_UUID, guestId: NO_UUID }),
    "INVALID_REQUEST",
    "host_id",
    "guest_id",
  ),
  bad(
    createBooking,
    "end before start",
    (known) => ({ ...slot(known), endTime: known.at(9) }),
    "INVALID_REQUEST",
    "end_time",
  ),
  bad(
    createBooking,
    "end at start",
    (known) => ({ ...slot(known), endTime: known.at(10) }),
    "INVALID_REQUEST",
    "end_time",
  ),
  bad(createBooking, "25 hours", (known) => ({ ...slot(known), endTime: known.at(35) }), "INVALID_REQUEST", "end_time"),
  bad(
    createBooking,
    "a nanosecond",
    (known) => ({ ...slot(known), startTime: finer }),
    "INVALID_REQUEST",
    "start_time",
  ),
  bad(createBooking, "the year 1", (known) => ({ ...slot(known), startTime: YEAR_1 }), "INVALID_REQUEST", "start_time"),
  bad(
    createBooking,
    "the year 9999",
    (known) => ({ ...slot(known), endTime: YEAR_9999 }),
    "INVALID_REQUEST",
    "end_time",
  ),
  ...[-1, 1, 9, 86_401].map((seconds) =>
    bad(
      createBooking,
      `a hold of ${seconds} seconds`,
      (known) => ({ ...slot(known), holdSeconds: seconds }),
      "INVALID_REQUEST",
      "hold_seconds",
    ),
  ),
  ...details.map(([what, change, ...fields]) =>
    bad(createBooking, what, (known) => ({ ...slot(known), ...change }), "INVALID_REQUEST", ...fields),
  ),
  bad(createBooking, "no UUID", (known) => ({ ...slot(known), requestId: "once" }), "INVALID_REQUEST", "request_id"),
  bad(
    createBooking,
    "an end before its start among other things",
    (known) => ({ ...from(known, 10, 9), guestId: "", holdSeconds: 9, requestId: "once" }),
    "INVALID_REQUEST",
    "guest_id",
    "hold_seconds",
    "request_id",
    "end_time",
  ),
  bad(
    createBooking,
    "an external id that another booking has",
    (known) => ({ ...slot(known), externalId: known.externalId }),
    "EXTERNAL_ID_TAKEN",
    "external_id",
  ),
  bad(createBooking, "nobody as host", (known) => ({ ...slot(known), hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(createBooking, "nobody as guest", (known) => ({ ...slot(known), guestId: NOBODY }), "USER_NOT_FOUND"),
  bad(createBooking, "a guest as host", (known) => ({ ...slot(known), hostId: known.guestId }), "NOT_A_HOST"),
  bad(createBooking, "a host as guest", (known) => ({ ...slot(known), guestId: known.hostId }), "NOT_A_GUEST"),
  bad(createBooking, "off the grid", (known) => ({ ...slot(known), ...from(known, 10.25, 10.75) }), "OFF_GRID"),
  bad(createBooking, "half a slot", (known) => ({ ...slot(known), ...from(known, 10, 10.25) }), "OFF_GRID"),
  bad(createBooking, "outside", (known) => ({ ...slot(known), ...from(known, 18, 18.5) }), "OUTSIDE_AVAILABILITY"),
  bad(
    createBooking,
    "half outside",
    (known) => ({ ...slot(known), ...from(known, 15.5, 16.5) }),
    "OUTSIDE_AVAILABILITY",
  ),
  bad(createBooking, "in the past", (known) => ({ ...slot(known), ...from(known, -62, -61.5) }), "START_IN_PAST"),
  bad(createBooking, "a slot that is taken", (known) => ({ ...slot(known), ...from(known, 8, 8.5) }), "SLOT_TAKEN"),
];
