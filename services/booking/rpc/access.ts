/** Who may call this service, with whose data. What is not named is forbidden. SERVICE is Availability, which alone can sign as it. */

import type { Access } from "../../../shared/auth/access.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";

export const bookingAccess: Access<typeof BookingService> = {
  // Open slots say nothing of who booked the others.
  listOpenSlots: { HOST: "everybody", USER: "everybody", ADMIN: "everybody", SERVICE: "everybody" },
  createBooking: { HOST: "host", USER: "guest", ADMIN: "everybody" },
  confirmBooking: { HOST: "host", USER: "guest", ADMIN: "everybody" },
  cancelBooking: { HOST: "host", USER: "guest", ADMIN: "everybody" },
  rescheduleBooking: { HOST: "host", USER: "guest", ADMIN: "everybody" },
  getBooking: { HOST: "host", USER: "guest", ADMIN: "everybody" },
  listBookings: { HOST: "host", USER: "guest", ADMIN: "everybody" },
  watchBookings: { HOST: "host", ADMIN: "everybody" },
};

export const fenceAccess: Access<typeof FenceService> = {
  fenceHost: { SERVICE: "everybody" },
  fenceUser: { SERVICE: "everybody" },
  hasGuest: { SERVICE: "everybody" },
};
