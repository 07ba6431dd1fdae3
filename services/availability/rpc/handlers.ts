/** The services' methods. One that is missing does not compile. */

import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { Handlers } from "../../../shared/rpc/handler.ts";
import { addAvailability } from "./add-availability.ts";
import { createUser } from "./create-user.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { getUser } from "./get-user.ts";
import { listAvailability } from "./list-availability.ts";
import { listUsers } from "./list-users.ts";
import { removeAvailability } from "./remove-availability.ts";
import { snapshotAvailability } from "./snapshot-availability.ts";

export function userHandlers(deps: SchedulingDeps): Handlers<typeof UserService> {
  return {
    createUser: createUser(deps),
    getUser: getUser(deps),
    listUsers: listUsers(deps),
  };
}

export function availabilityHandlers(deps: SchedulingDeps): Handlers<typeof AvailabilityService> {
  return {
    addAvailability: addAvailability(deps),
    removeAvailability: removeAvailability(deps),
    listAvailability: listAvailability(deps),
    snapshotAvailability: snapshotAvailability(deps),
  };
}
