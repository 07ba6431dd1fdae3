import { z } from "zod";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse } from "../../../shared/rpc/request/parse.ts";
import { changeBooking, changeFields } from "./change-booking.ts";
import type { BookingDeps } from "./deps.ts";

const schema = z.object(changeFields);

export function confirmBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.confirmBooking> {
  // Availability need not be asked: a hold that has not expired is active, so every removal since has seen it.
  return async (message, call) => await changeBooking(deps, call, parse(schema, message), { kind: "confirm" });
}
