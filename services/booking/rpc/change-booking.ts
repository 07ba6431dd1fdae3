import { z } from "zod";
import type { Booking } from "../../../shared/gen/booking/v1/booking_pb.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { Call } from "../../../shared/rpc/handler.ts";
import { etag, parse, requestId, uuid } from "../../../shared/rpc/request/parse.ts";
import type { BookingDeps } from "./deps.ts";
import { hostOf } from "./host-of.ts";
import { bookingMessage } from "./messages.ts";
import { bookingOf } from "./outcome.ts";

const schema = z.object({ bookingId: uuid, etag, requestId });

/** Carries out a change that needs to know nothing but the booking: what CancelBooking and ConfirmBooking have in common. */
export async function changeBooking(
  deps: BookingDeps,
  kind: "cancel" | "confirm",
  message: z.input<typeof schema>,
  call: Call,
): Promise<{ readonly booking: Booking }> {
  const asked = parse(schema, message);
  const { bookingId, etag: seen } = asked;
  const hostId = await hostOf(deps, bookingId, call);
  const request = requestKey(call.method.name, asked.requestId, [bookingId, seen]);
  const change = { hostId, bookingId, etag: seen, actor: call.actor, request };
  const command =
    kind === "cancel" ? ({ kind, reason: undefined, ...change } as const) : ({ kind, ...change } as const);
  const outcome = await deps.lanes.commit(command, call);
  return { booking: bookingMessage(bookingOf(outcome)) };
}
