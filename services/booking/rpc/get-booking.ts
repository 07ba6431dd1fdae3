import { z } from "zod";
import { may } from "../../../shared/auth/access.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { bookingNotFound } from "../domain/refusals.ts";
import { findBooking } from "../storage/bookings.ts";
import type { BookingDeps } from "./deps.ts";
import { bookingMessage } from "./messages.ts";

const schema = z.object({ bookingId: uuid });

export function getBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.getBooking> {
  return async (message, call) => {
    const { bookingId } = parse(schema, message);
    const booking = await findBooking(deps.pool, bookingId, call);
    // Somebody else's booking looks like one that does not exist: ids must not be worth guessing.
    if (booking === undefined || !may(call, { host: booking.hostId, guest: booking.guestId }))
      throw bookingNotFound(bookingId);
    return { booking: bookingMessage(booking) };
  };
}
