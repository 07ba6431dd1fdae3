import { assertMay } from "../../../shared/auth/access.ts";
import {
  AddAvailabilityResponseSchema,
  type AvailabilityService,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { REQUESTED_INTERVAL_MAX_MS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, slotDurationMinutes, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import type { Availability } from "../domain/availability.ts";
import { addTime } from "../scheduling/add-time.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { availabilityMessage } from "./messages.ts";

const schema = withInterval({ hostId: uuid, slotDurationMinutes, requestId }, REQUESTED_INTERVAL_MAX_MS);

const response = {
  schema: AddAvailabilityResponseSchema,
  of: (availability: Availability) => ({ availability: availabilityMessage(availability) }),
};

export function addAvailability(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.addAvailability> {
  return async (message, call) => {
    const asked = parse(schema, message);
    assertMay(call, { host: asked.hostId });
    return await addTime(deps, call, asked, response);
  };
}
