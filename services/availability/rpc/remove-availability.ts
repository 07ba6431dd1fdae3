import { assertMay } from "../../../shared/auth/access.ts";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
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
    const { removed, removedCount, remaining } = await removeTime(deps, call, asked);
    return {
      removed: removed.map(rangeMessage),
      removedCount,
      remaining: remaining.map(availabilityMessage),
    };
  };
}
