import { randomUUIDv7 } from "node:crypto";
import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import { SECOND_MS } from "../../../shared/time-units.ts";
import { BOOKING_MAX_MS, EXTERNAL_ID_MAX_CHARACTERS, NOTE_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { holdSeconds, parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { optionalLines, optionalText } from "../../../shared/rpc/request/parse-texts.ts";
import { bookingIdFrom } from "../domain/booking-id.ts";
import { commitWhenValid } from "../scheduling/commit-when-valid.ts";
import type { BookingDeps } from "./deps.ts";
import { assertMayIgnoreNotice } from "./ignore-notice.ts";
import { labels } from "./labels.ts";
import { bookingMessage } from "./messages.ts";
import { bookingOf } from "./outcome.ts";

const schema = withInterval(
  {
    hostId: uuid,
    guestId: uuid,
    holdSeconds,
    requestId,
    externalId: optionalText(EXTERNAL_ID_MAX_CHARACTERS),
    note: optionalLines(NOTE_MAX_CHARACTERS),
    labels,
    ignoreNotice: z.boolean(),
  },
  BOOKING_MAX_MS,
);

export function createBooking(deps: BookingDeps): UnaryHandler<typeof BookingService.method.createBooking> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const { hostId, guestId, during, holdSeconds: seconds, ignoreNotice: ignoresNotice } = asked;
    const details = { externalId: asked.externalId, note: asked.note, labels: asked.labels };
    assertMay(call, { host: hostId, guest: guestId });
    if (ignoresNotice) assertMayIgnoreNotice(call, hostId);
    const content = [hostId, guestId, during.start, during.end, seconds];
    const request = requestKey("CreateBooking", asked.requestId, content, { ignoresNotice }, details);
    const holdMs = seconds === undefined ? undefined : seconds * SECOND_MS;
    const bookingId = bookingIdFrom(randomUUIDv7(), hostId);
    const { actor } = call;
    const create = {
      kind: "create",
      hostId,
      bookingId,
      guestId,
      during,
      details,
      ignoresNotice,
      holdMs,
      actor,
      request,
    } as const;
    const outcome = await commitWhenValid(deps, call, create);
    return { booking: bookingMessage(bookingOf(outcome)) };
  };
}
