import { z } from "zod";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken } from "../../../shared/rpc/request/page-token.ts";
import { durationMinutes, pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import { MINUTE_MS } from "../../../shared/time-units.ts";
import { openSlots } from "../scheduling/open-slots.ts";
import type { BookingDeps } from "./deps.ts";
import { assertMayIgnoreNotice } from "./ignore-notice.ts";
import { slotMessages } from "./messages.ts";

const schema = withWindow(
  { hostId: uuid, durationMinutes, ignoreNotice: z.boolean(), pageSize, pageToken },
  WINDOW_MAX_MS,
);

export function listOpenSlots(deps: BookingDeps): UnaryHandler<typeof BookingService.method.listOpenSlots> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const { hostId, startTime, endTime, durationMinutes: minutes, pageSize: limit, pageToken: token } = asked;
    if (asked.ignoreNotice) assertMayIgnoreNotice(call, hostId);
    const bound = ["ListOpenSlots", hostId, startTime, endTime, minutes, asked.ignoreNotice];
    let window: Interval;
    if (token === "") {
      window = windowAt({ startTime, endTime }, startTime ?? (await databaseNow(deps.pool, call)));
    } else {
      // What is left of the window: the token is all that a page needs to know of those before it.
      const [from, to] = decodePageToken(token, bound, ["instant", "instant"]);
      window = windowAt({ startTime: from, endTime: to }, from);
    }
    const { slots, next } = await openSlots(deps, call, {
      hostId,
      window,
      durationMs: minutes === undefined ? undefined : minutes * MINUTE_MS,
      ignoresNotice: asked.ignoreNotice,
      limit,
    });
    return {
      $typeName: "booking.v1.ListOpenSlotsResponse",
      slots: slotMessages(slots),
      nextPageToken: next === undefined ? "" : encodePageToken(bound, [next, window.end]),
    };
  };
}
