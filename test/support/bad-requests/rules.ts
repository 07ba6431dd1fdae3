/** Wrong calls about a host's rules. */

import { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { bad, type BadRequest, INT32_MAX, NO_UUID, NOBODY } from "./row.ts";

const { getRules, updateRules } = AvailabilityService.method;

const ranges = [
  ["slotDurationMinutes", "slot_duration_minutes", [0, -1, 1441]],
  ["minimumNoticeMinutes", "minimum_notice_minutes", [-1, 527_041]],
  ["horizonDays", "horizon_days", [-1, 3661]],
  ["bufferBeforeMinutes", "buffer_before_minutes", [-1, 1441]],
  ["bufferAfterMinutes", "buffer_after_minutes", [-1, 1441]],
  ["seats", "seats", [0, -1, 1001, INT32_MAX]],
] as const;

const masks: readonly (readonly [what: string, ...paths: string[]])[] = [
  ["the host's id", "host_id"],
  ["the mask itself", "update_mask"],
  ["the etag", "etag"],
  ["no field", "nothing"],
  ["all fields", "*"],
  ["a part of a field", "seats.count"],
  ["an empty name", "seats", ""],
  ["one that is wrong behind a good one", "seats", "host_id"],
  ["8,001 names, the last of which is wrong", ...Array.from({ length: 8_000 }, () => "seats"), "seat"],
];

export const rules: readonly BadRequest[] = [
  bad(getRules, "no id", () => ({}), "INVALID_REQUEST", "host_id"),
  bad(getRules, "a malformed id", () => ({ hostId: NO_UUID }), "INVALID_REQUEST", "host_id"),
  bad(getRules, "nobody's id", () => ({ hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(getRules, "a guest", ({ guestId }) => ({ hostId: guestId }), "NOT_A_HOST"),
  ...ranges.flatMap(([field, name, values]) =>
    values.map((value) =>
      bad(updateRules, `${name} ${value}`, ({ hostId }) => ({ hostId, [field]: value }), "INVALID_REQUEST", name),
    ),
  ),
  ...masks.map(([what, ...paths]) =>
    bad(
      updateRules,
      `a mask that names ${what}`,
      ({ hostId }) => ({ hostId, seats: 2, updateMask: { paths } }),
      "INVALID_REQUEST",
      "update_mask",
    ),
  ),
  ...[["slot_duration_minutes"], ["seats", "slot_duration_minutes"]].map((paths) =>
    bad(
      updateRules,
      `no slot duration, where ${paths.join(" and ")} shall change`,
      ({ hostId }) => ({ hostId, seats: 2, updateMask: { paths } }),
      "INVALID_REQUEST",
      "slot_duration_minutes",
    ),
  ),
  bad(
    updateRules,
    "everything",
    () => ({
      hostId: NO_UUID,
      minimumNoticeMinutes: -1,
      horizonDays: -1,
      bufferBeforeMinutes: -1,
      bufferAfterMinutes: -1,
      seats: 0,
      updateMask: { paths: ["slot_duration_minutes", "host_id"] },
      etag: "\0",
      requestId: "once",
    }),
    "INVALID_REQUEST",
    "host_id",
    "minimum_notice_minutes",
    "horizon_days",
    "buffer_before_minutes",
    "buffer_after_minutes",
    "seats",
    "update_mask",
    "etag",
    "request_id",
  ),
  bad(
    updateRules,
    "no slot duration among other things",
    () => ({ hostId: NO_UUID, seats: 0, updateMask: { paths: ["slot_duration_minutes"] } }),
    "INVALID_REQUEST",
    "host_id",
    "seats",
    "slot_duration_minutes",
  ),
  bad(updateRules, "another etag", ({ hostId }) => ({ hostId, seats: 2, etag: '"another"' }), "ETAG_MISMATCH"),
  bad(updateRules, "a weak etag", ({ hostId }) => ({ hostId, seats: 2, etag: 'W/"0"' }), "ETAG_MISMATCH"),
  bad(updateRules, "a guest", ({ guestId }) => ({ hostId: guestId, seats: 2 }), "NOT_A_HOST"),
  bad(updateRules, "nobody's id", () => ({ hostId: NOBODY, seats: 2 }), "USER_NOT_FOUND"),
];
