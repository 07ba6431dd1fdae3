/** Wrong calls of AvailabilityService. */

import { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { bad, type BadRequest, finer, from, INT32_MAX, type Known, NO_UUID, NOBODY, YEAR_1, YEAR_9999 } from "./row.ts";

const { addAvailability, removeAvailability, listAvailability, snapshotAvailability } = AvailabilityService.method;
const half = (known: Known) => ({ ...from(known, 20, 22), slotDurationMinutes: 30 });

export const availability: readonly BadRequest[] = [
  bad(
    addAvailability,
    "nothing at all",
    () => ({}),
    "INVALID_REQUEST",
    "host_id",
    "slot_duration_minutes",
    "start_time",
    "end_time",
  ),
  bad(
    addAvailability,
    "a malformed id",
    (known) => ({ ...half(known), hostId: NO_UUID }),
    "INVALID_REQUEST",
    "host_id",
  ),
  bad(addAvailability, "nobody's id", (known) => ({ ...half(known), hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(addAvailability, "a guest", (known) => ({ ...half(known), hostId: known.guestId }), "NOT_A_HOST"),
  bad(
    addAvailability,
    "end before start",
    (known) => ({ ...half(known), endTime: known.at(19) }),
    "INVALID_REQUEST",
    "end_time",
  ),
  bad(
    addAvailability,
    "end at start",
    (known) => ({ ...half(known), endTime: known.at(20) }),
    "INVALID_REQUEST",
    "end_time",
  ),
  bad(
    addAvailability,
    "367 days",
    (known) => ({ ...half(known), endTime: known.at(20 + 367 * 24) }),
    "INVALID_REQUEST",
    "end_time",
  ),
  ...[0, -1, 1441, INT32_MAX].map((minutes) =>
    bad(
      addAvailability,
      `slots of ${minutes} minutes`,
      (known) => ({ ...half(known), slotDurationMinutes: minutes }),
      "INVALID_REQUEST",
      "slot_duration_minutes",
    ),
  ),
  bad(
    addAvailability,
    "other slots",
    (known) => ({ ...half(known), slotDurationMinutes: 45 }),
    "SLOT_DURATION_MISMATCH",
  ),
  bad(addAvailability, "a nanosecond", (known) => ({ ...half(known), endTime: finer }), "INVALID_REQUEST", "end_time"),
  bad(
    addAvailability,
    "the year 1",
    (known) => ({ ...half(known), startTime: YEAR_1 }),
    "INVALID_REQUEST",
    "start_time",
  ),
  bad(
    addAvailability,
    "the year 9999",
    (known) => ({ ...half(known), endTime: YEAR_9999 }),
    "INVALID_REQUEST",
    "end_time",
  ),
  bad(addAvailability, "no UUID", (known) => ({ ...half(known), requestId: "once" }), "INVALID_REQUEST", "request_id"),
  bad(
    addAvailability,
    "an end before its start among other things",
    (known) => ({ ...from(known, 22, 20), hostId: "", slotDurationMinutes: 0, requestId: "once" }),
    "INVALID_REQUEST",
    "host_id",
    "slot_duration_minutes",
    "request_id",
    "end_time",
  ),
  bad(removeAvailability, "no times", ({ hostId }) => ({ hostId }), "INVALID_REQUEST", "start_time", "end_time"),
  bad(removeAvailability, "end at start", (known) => from(known, 9, 9), "INVALID_REQUEST", "end_time"),
  bad(removeAvailability, "a guest", (known) => ({ ...from(known, 9, 10), hostId: known.guestId }), "NOT_A_HOST"),
  bad(removeAvailability, "nobody's id", (known) => ({ ...from(known, 9, 10), hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(listAvailability, "367 days", (known) => from(known, 0, 367 * 24), "INVALID_REQUEST", "end_time"),
  bad(listAvailability, "end before start", (known) => from(known, 10, 9), "INVALID_REQUEST", "end_time"),
  bad(
    snapshotAvailability,
    "generation -1",
    (known) => ({ ...from(known, 9, 10), generation: -1n }),
    "INVALID_REQUEST",
    "generation",
  ),
];
