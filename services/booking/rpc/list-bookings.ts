import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import { BookingState, BookingStateSchema } from "../../../shared/gen/booking/v1/booking_pb.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { type Interval, interval } from "../../../shared/interval.ts";
import {
  EXTERNAL_ID_MAX_CHARACTERS,
  FIRST_INSTANT,
  LAST_INSTANT,
  STATES_MAX,
  WINDOW_MAX_MS,
} from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/request/page-token.ts";
import {
  enumValue,
  list,
  optionalUuid,
  pageSize,
  pageToken,
  parse,
  withWindow,
} from "../../../shared/rpc/request/parse.ts";
import { optionalText } from "../../../shared/rpc/request/parse-texts.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import type * as domain from "../domain/booking.ts";
import { type BookingQuery, listBookings as readBookings } from "../storage/bookings.ts";
import type { BookingDeps } from "./deps.ts";
import { countThatFits } from "./fitting.ts";
import { labelQuery } from "./labels.ts";
import { bookingMessage } from "./messages.ts";

const stateOf = {
  [BookingState.HELD]: "HELD",
  [BookingState.CONFIRMED]: "CONFIRMED",
  [BookingState.CANCELLED]: "CANCELLED",
  [BookingState.EXPIRED]: "EXPIRED",
} as const satisfies Record<number, domain.BookingState>;

const states = list(enumValue<keyof typeof stateOf>(BookingStateSchema), STATES_MAX);
/** Beside the other rules and not after them, so that all that is wrong is told at once. */
const hostOrGuest = z
  .object({ hostId: z.string(), guestId: z.string() })
  .refine(({ hostId, guestId }) => hostId !== "" || guestId !== "", {
    path: ["hostId"],
    message: "or guest_id is required",
    // Without `abort`, zod would still merge both halves of the intersection, and throw.
    abort: true,
  })
  .transform(() => ({}));
const externalId = optionalText(EXTERNAL_ID_MAX_CHARACTERS);
const schema = z.intersection(
  withWindow(
    { hostId: optionalUuid, guestId: optionalUuid, states, externalId, label: labelQuery, pageSize, pageToken },
    WINDOW_MAX_MS,
  ),
  hostOrGuest,
);

/** All time that a booking may have. */
const ALL_TIME = interval(FIRST_INSTANT, LAST_INSTANT);

export function listBookings(deps: BookingDeps): UnaryHandler<typeof BookingService.method.listBookings> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const { hostId, guestId, startTime, endTime, label, pageSize: limit } = asked;
    assertMay(call, { host: hostId, guest: guestId });
    const wanted = [...new Set(asked.states.map((state) => stateOf[state]))].toSorted();
    const bound = ["ListBookings", hostId, guestId, startTime, endTime, wanted, asked.externalId, label];
    // Few of a host have one external id, and the index finds them: no window is needed to keep the list short.
    const anyTime =
      hostId !== undefined && asked.externalId !== undefined && startTime === undefined && endTime === undefined;
    let window: Interval;
    let after: BookingQuery["after"];
    if (asked.pageToken === "") {
      window = anyTime ? ALL_TIME : windowAt(asked, startTime ?? (await databaseNow(deps.pool, call)));
    } else {
      // The window is in the token: "now" must not move between two pages.
      const [from, to, start, id] = decodePageToken(asked.pageToken, bound, ["instant", "instant", "instant", "uuid"]);
      window = anyTime ? ALL_TIME : windowAt({ startTime: from, endTime: to }, from);
      after = { start, id };
    }
    const { bookings, sequence } = await readBookings(
      deps.pool,
      { hostId, guestId, externalId: asked.externalId, label, window, states: wanted, after, limit: limit + 1 },
      call,
    );
    const { page, nextPageToken } = pageOf(bookings, Math.min(limit, countThatFits(bookings)), (last) =>
      encodePageToken(bound, [window.start, window.end, last.during.start, last.id]),
    );
    return {
      bookings: page.map(bookingMessage),
      nextPageToken,
      // How much happens in a host's calendar is not for guests to count.
      ...(sequence === undefined || call.scope === "guest" ? {} : { sequence: BigInt(sequence) }),
    };
  };
}
