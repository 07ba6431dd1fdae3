import type { Booking } from "../../../shared/gen/booking/v1/booking_pb.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { Call } from "../../../shared/rpc/handler.ts";
import { etag, requestId, uuid } from "../../../shared/rpc/request/parse.ts";
import type { CancelCommand, ConfirmCommand } from "../domain/command.ts";
import type { BookingDeps } from "./deps.ts";
import { hostOf } from "./host-of.ts";
import { bookingMessage } from "./messages.ts";
import { bookingOf } from "./outcome.ts";

/** The fields by which a request names the booking that it changes. */
export const changeFields = { bookingId: uuid, etag, requestId };

interface Asked {
  readonly bookingId: string;
  readonly etag: string | undefined;
  readonly requestId: string | undefined;
}

type Change = Pick<ConfirmCommand, "kind"> | Pick<CancelCommand, "kind" | "reason">;

/** Carries out a change that needs to know nothing but the booking: what CancelBooking and ConfirmBooking have in common. */
export async function changeBooking(
  deps: BookingDeps,
  call: Call,
  { bookingId, etag: seen, requestId: id }: Asked,
  change: Change,
): Promise<{ readonly booking: Booking }> {
  const hostId = await hostOf(deps, bookingId, call);
  const { kind: _, ...said } = change;
  const request = requestKey(call.method.name, id, [bookingId, seen], {}, said);
  const command = { ...change, hostId, bookingId, etag: seen, actor: call.actor, request };
  const outcome = await deps.lanes.commit(command, call);
  return { booking: bookingMessage(bookingOf(outcome)) };
}
