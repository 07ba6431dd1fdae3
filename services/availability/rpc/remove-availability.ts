import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  RemoveAvailabilityResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { type Removed, removeTime } from "../scheduling/remove-time.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { keepsBooked } from "./keeps-booked.ts";
import { availabilityMessage, keptMessage, rangeFields } from "./messages.ts";

const schema = withInterval({ hostId: uuid, booked: keepsBooked, requestId });

const response = {
  schema: RemoveAvailabilityResponseSchema,
  of: ({ removed, removedCount, remaining, kept }: Removed) => ({
    removed: removed.map(rangeFields),
    removedCount,
    remaining: remaining.map(availabilityMessage),
    ...keptMessage(kept),
  }),
};

export function removeAvailability(
  deps: SchedulingDeps,
): UnaryHandler<typeof AvailabilityService.method.removeAvailability> {
  return async (message, call) => {
    const { booked, ...asked } = parse(schema, message);
    assertMay(call, { host: asked.hostId });
    return await removeTime(deps, call, { ...asked, keepsBooked: booked }, response);
  };
}
