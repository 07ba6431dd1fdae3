import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  UpdateRulesRequestSchema,
  UpdateRulesResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { BUFFER_MINUTES_MAX, HORIZON_DAYS_MAX, NOTICE_MINUTES_MAX, SEATS_MAX } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import {
  always,
  etag,
  parse,
  requestId,
  slotDurationMinutes,
  uuid,
  wholeNumber,
} from "../../../shared/rpc/request/parse.ts";
import { updateMask } from "../../../shared/rpc/request/parse-mask.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { type RulesOfHost, updateRules as update } from "../scheduling/update-rules.ts";
import { rulesMessage } from "./messages.ts";

const upTo = (max: number, min = 0) => wholeNumber({ min, max }).optional();

const rules = {
  slotDurationMinutes: slotDurationMinutes.optional(),
  minimumNoticeMinutes: upTo(NOTICE_MINUTES_MAX),
  horizonDays: upTo(HORIZON_DAYS_MAX),
  bufferBeforeMinutes: upTo(BUFFER_MINUTES_MAX),
  bufferAfterMinutes: upTo(BUFFER_MINUTES_MAX),
  seats: upTo(SEATS_MAX, 1),
};

const mask = updateMask(UpdateRulesRequestSchema.field.updateMask, rules);
const schema = z.object({ hostId: uuid, ...rules, updateMask: mask, etag, requestId }).superRefine(
  ({ updateMask: named, slotDurationMinutes: minutes }, context) => {
    // The one rule without a default.
    if (!Array.isArray(named) || !named.includes("slotDurationMinutes") || minutes !== undefined) return;
    context.addIssue({ code: "custom", path: ["slotDurationMinutes"], message: "is required" });
  },
  { when: always },
);

const response = {
  schema: UpdateRulesResponseSchema,
  of: ({ hostId, rules: changed, version }: RulesOfHost) => ({ rules: rulesMessage(hostId, changed, version) }),
};

export function updateRules(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.updateRules> {
  return async (message, call) => {
    const { hostId, updateMask: named, etag: seen, requestId: id, ...given } = parse(schema, message);
    assertMay(call, { host: hostId });
    return await update(deps, call, { hostId, given, mask: named, etag: seen, requestId: id }, response);
  };
}
