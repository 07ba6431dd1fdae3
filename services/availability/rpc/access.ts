/** Who may call this service, with whose data. What is not named is forbidden. SERVICE is Booking, which alone can sign as it. */

import type { Access } from "../../../shared/auth/access.ts";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";

export const userAccess: Access<typeof UserService> = {
  createUser: { ADMIN: "everybody" },
  // Booking asks whether a guest is one.
  getUser: { HOST: "visible", USER: "visible", ADMIN: "everybody", SERVICE: "everybody" },
  listUsers: { HOST: "visible", USER: "visible", ADMIN: "everybody" },
  lookupUser: { ADMIN: "everybody" },
  // Booking asks whose a token is.
  resolveSubject: { SERVICE: "everybody" },
  updateUser: { HOST: "user", USER: "user", ADMIN: "everybody" },
  deactivateUser: { ADMIN: "everybody" },
  reactivateUser: { ADMIN: "everybody" },
  eraseUser: { ADMIN: "everybody" },
};

export const availabilityAccess: Access<typeof AvailabilityService> = {
  addAvailability: { HOST: "host", ADMIN: "everybody" },
  removeAvailability: { HOST: "host", ADMIN: "everybody" },
  setWeeklyHours: { HOST: "host", ADMIN: "everybody" },
  restoreWeeklyHours: { HOST: "host", ADMIN: "everybody" },
  getWeeklyHours: { HOST: "everybody", USER: "everybody", ADMIN: "everybody", SERVICE: "everybody" },
  listExceptions: { HOST: "everybody", USER: "everybody", ADMIN: "everybody", SERVICE: "everybody" },
  listAvailability: { HOST: "everybody", USER: "everybody", ADMIN: "everybody", SERVICE: "everybody" },
  getRules: { HOST: "everybody", USER: "everybody", ADMIN: "everybody", SERVICE: "everybody" },
  updateRules: { HOST: "host", ADMIN: "everybody" },
  snapshotAvailability: { SERVICE: "everybody" },
};
