import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { changeBooking } from "./change-booking.ts";
import type { BookingDeps } from "./deps.ts";

export function cancelBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.cancelBooking> {
  return async (message, call) => await changeBooking(deps, "cancel", message, call);
}
