import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  RemoveAvailabilityResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { type Removed, removeTime } from "../scheduling/remove-time.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { availabilityMessage, rangeMessage } from "./messages.ts";

const schema = withInterval({ hostId: uuid, requestId });

const response = {
  schema: RemoveAvailabilityResponseSchema,
  of: ({ removed, removedCount, remaining }: Removed) => ({
    removed: removed.map(rangeMessage),
    removedCount,
    remaining: remaining.map(availabilityMessage),
  }),
};

export function removeAvailability(
  deps: SchedulingDeps,
): UnaryHandler<typeof AvailabilityService.method.removeAvailability> {
  return async (message, call) => {
    const asked = parse(schema, message);
    assertMay(call, { host: asked.hostId });
    return await removeTime(deps, call, asked, response);
  };
}
