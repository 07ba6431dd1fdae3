import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken } from "../../../shared/rpc/request/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import { openSlots } from "../scheduling/open-slots.ts";
import type { BookingDeps } from "./deps.ts";
import { slotMessages } from "./messages.ts";

const schema = withWindow({ hostId: uuid, pageSize, pageToken }, WINDOW_MAX_MS);

export function listOpenSlots(deps: BookingDeps): UnaryHandler<typeof BookingService.method.listOpenSlots> {
  return async (message, call) => {
    const { hostId, startTime, endTime, pageSize: limit, pageToken: token } = parse(schema, message);
    const bound = ["ListOpenSlots", hostId, startTime, endTime];
    let window: Interval;
    if (token === "") {
      window = windowAt({ startTime, endTime }, startTime ?? (await databaseNow(deps.pool, call.signal)));
    } else {
      // What is left of the window: the token is all that a page needs to know of those before it.
      const [from, to] = decodePageToken(token, bound, ["instant", "instant"]);
      window = windowAt({ startTime: from, endTime: to }, from);
    }
    const { slots, next } = await openSlots(deps, call, hostId, window, limit);
    return {
      $typeName: "booking.v1.ListOpenSlotsResponse",
      slots: slotMessages(slots),
      nextPageToken: next === undefined ? "" : encodePageToken(bound, [next, window.end]),
    };
  };
}
