import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  RestoreWeeklyHoursResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import type { ChangedTime } from "../scheduling/change-open-time.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { restoreHours } from "../scheduling/restore-hours.ts";
import { keepsBooked } from "./keeps-booked.ts";
import { keptMessage } from "./messages.ts";

const schema = withInterval({ hostId: uuid, booked: keepsBooked, requestId });

const response = {
  schema: RestoreWeeklyHoursResponseSchema,
  of: ({ exceptionCount, kept }: ChangedTime) => ({ exceptionCount, ...keptMessage(kept) }),
};

export function restoreWeeklyHours(
  deps: SchedulingDeps,
): UnaryHandler<typeof AvailabilityService.method.restoreWeeklyHours> {
  return async (message, call) => {
    const { booked, ...asked } = parse(schema, message);
    assertMay(call, { host: asked.hostId });
    return await restoreHours(deps, call, { ...asked, keepsBooked: booked }, response);
  };
}
