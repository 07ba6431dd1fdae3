/** The services' methods. One that is missing does not compile. */

import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { Handlers } from "../../../shared/rpc/handler.ts";
import { addAvailability } from "./add-availability.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { createUser } from "./create-user.ts";
import { deactivateUser } from "./deactivate-user.ts";
import { eraseUser } from "./erase-user.ts";
import { getRules } from "./get-rules.ts";
import { getUser } from "./get-user.ts";
import { getWeeklyHours } from "./get-weekly-hours.ts";
import { listAvailability } from "./list-availability.ts";
import { listExceptions } from "./list-exceptions.ts";
import { listUsers } from "./list-users.ts";
import { lookupUser } from "./lookup-user.ts";
import { reactivateUser } from "./reactivate-user.ts";
import { removeAvailability } from "./remove-availability.ts";
import { resolveSubject } from "./resolve-subject.ts";
import { restoreWeeklyHours } from "./restore-weekly-hours.ts";
import { setWeeklyHours } from "./set-weekly-hours.ts";
import { snapshotAvailability } from "./snapshot-availability.ts";
import { updateRules } from "./update-rules.ts";
import { updateUser } from "./update-user.ts";

export function userHandlers(deps: SchedulingDeps): Handlers<typeof UserService> {
  return {
    createUser: createUser(deps),
    getUser: getUser(deps),
    listUsers: listUsers(deps),
    lookupUser: lookupUser(deps),
    resolveSubject: resolveSubject(deps),
    updateUser: updateUser(deps),
    deactivateUser: deactivateUser(deps),
    reactivateUser: reactivateUser(deps),
    eraseUser: eraseUser(deps),
  };
}

export function availabilityHandlers(deps: SchedulingDeps): Handlers<typeof AvailabilityService> {
  return {
    addAvailability: addAvailability(deps),
    removeAvailability: removeAvailability(deps),
    setWeeklyHours: setWeeklyHours(deps),
    getWeeklyHours: getWeeklyHours(deps),
    restoreWeeklyHours: restoreWeeklyHours(deps),
    listExceptions: listExceptions(deps),
    listAvailability: listAvailability(deps),
    getRules: getRules(deps),
    updateRules: updateRules(deps),
    snapshotAvailability: snapshotAvailability(deps),
  };
}
