import { z } from "zod";
import { BOOKING_MAX_MS } from "../../../shared/limits.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { etag, parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { commitWhenValid } from "../scheduling/commit-when-valid.ts";
import type { BookingDeps } from "./deps.ts";
import { hostOf } from "./host-of.ts";
import { assertMayIgnoreNotice } from "./ignore-notice.ts";
import { bookingMessage } from "./messages.ts";
import { bookingOf } from "./outcome.ts";

const schema = withInterval({ bookingId: uuid, etag, ignoreNotice: z.boolean(), requestId }, BOOKING_MAX_MS);

export function rescheduleBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.rescheduleBooking> {
  return async (message, call) => {
    const { bookingId, during, etag: seen, ignoreNotice: ignoresNotice, requestId: id } = parse(schema, message);
    const hostId = await hostOf(deps, bookingId, call);
    if (ignoresNotice) assertMayIgnoreNotice(call, hostId);
    const content = [bookingId, during.start, during.end, seen];
    const request = requestKey("RescheduleBooking", id, content, { ignoresNotice });
    const { actor } = call;
    const move = { kind: "reschedule", hostId, bookingId, during, ignoresNotice, etag: seen, actor, request } as const;
    const outcome = await commitWhenValid(deps, call, move);
    return { booking: bookingMessage(bookingOf(outcome)) };
  };
}
