import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  RemoveAvailabilityResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { removeTime } from "../scheduling/remove-time.ts";
import type { AvailabilityDeps } from "./deps.ts";
import { availabilityMessage, rangeMessage } from "./messages.ts";

const request = withInterval({ hostId: uuid, requestId });

export function removeAvailability(
  deps: AvailabilityDeps,
): UnaryHandler<typeof AvailabilityService.method.removeAvailability> {
  return async (message, call) => {
    const asked = parse(request, message);
    assertMay(call, { host: asked.hostId });
    return await removeTime(deps, call, asked, {
      schema: RemoveAvailabilityResponseSchema,
      from: ({ removed, removedCount, remaining }) => ({
        removed: removed.map(rangeMessage),
        removedCount,
        remaining: remaining.map(availabilityMessage),
      }),
    });
  };
}
