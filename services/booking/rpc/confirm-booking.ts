import { z } from "zod";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { etag, parse, requestId, uuid } from "../../../shared/rpc/request/parse.ts";
import type { BookingDeps } from "./deps.ts";
import { hostOf } from "./host-of.ts";
import { bookingMessage } from "./messages.ts";
import { bookingOf } from "./outcome.ts";

const schema = z.object({ bookingId: uuid, etag, requestId });

export function confirmBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.confirmBooking> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const { bookingId } = asked;
    const hostId = await hostOf(deps, bookingId, call);
    const request = requestKey("ConfirmBooking", asked.requestId, [bookingId, asked.etag]);
    // Availability need not be asked: a hold that has not expired is active, so every removal since has seen it.
    const outcome = await deps.lanes.commit(
      { kind: "confirm", hostId, bookingId, etag: asked.etag, actor: call.actor, request },
      call,
    );
    return { booking: bookingMessage(bookingOf(outcome)) };
  };
}
