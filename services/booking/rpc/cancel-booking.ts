import { z } from "zod";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { CANCEL_REASON_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse } from "../../../shared/rpc/request/parse.ts";
import { optionalLines } from "../../../shared/rpc/request/parse-texts.ts";
import { changeBooking, changeFields } from "./change-booking.ts";
import type { BookingDeps } from "./deps.ts";

const schema = z.object({ ...changeFields, reason: optionalLines(CANCEL_REASON_MAX_CHARACTERS) });

export function cancelBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.cancelBooking> {
  return async (message, call) => {
    const { reason, ...asked } = parse(schema, message);
    return await changeBooking(deps, call, asked, { kind: "cancel", reason });
  };
}
