import type { MessageInitShape } from "@bufbuild/protobuf";
import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  RemoveAvailabilityResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { Refusal } from "../../../shared/errors.ts";
import type { Interval } from "../../../shared/interval.ts";
import { REMOVED_RANGES_MAX } from "../../../shared/limits.ts";
import { read } from "../../../shared/postgres/read.ts";
import { requestKey } from "../../../shared/request-key.ts";
import { timeoutWithin } from "../../../shared/rpc/client.ts";
import type { Call, UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { fencedRanges, removal } from "../domain/removal.ts";
import { intervalsMeeting, replaceIntervals } from "../storage/availability.ts";
import { changeHost, type HostTransaction } from "../storage/change-host.ts";
import { rememberedAnswer } from "../storage/requests.ts";
import type { AvailabilityDeps } from "./deps.ts";
import { availabilityMessage, rangeMessage } from "./messages.ts";

/**
 * The nest of deadlines: a removal's transaction is open while Booking is asked, so Booking's wait for its own lock is
 * shorter than FENCE_MAX_MS, this than HOST_LOCK_IDLE_MS, after which PostgreSQL rolls the removal back and frees the host even
 * if this process hangs, and that than a caller's usual deadline.
 */
const FENCE_MAX_MS = 2000;

const request = withInterval({ hostId: uuid, requestId });

type Response = MessageInitShape<typeof RemoveAvailabilityResponseSchema>;

export function removeAvailability(
  deps: AvailabilityDeps,
): UnaryHandler<typeof AvailabilityService.method.removeAvailability> {
  return async (message, call) => {
    const asked = parse(request, message);
    const { hostId, during } = asked;
    assertMay(call, { host: hostId });
    const key = requestKey("RemoveAvailability", asked.requestId, [during.start, during.end]);
    const write = { hostId, key, answer: RemoveAvailabilityResponseSchema };
    // A call that was answered before gets its answer whatever else is under way; only under the lock is "none" final.
    const again = await rememberedAnswer((query) => read(deps.pool, query, call.signal), write);
    if (again !== undefined) return again;
    return await changeHost(deps, write, call, (host) => remove(deps, host, hostId, during, call), deps.removals);
  };
}

/**
 * Removes in the open transaction, then asks Booking. The order matters on one side only: Booking must be asked before the
 * commit and while the host's lock is held. Then a booking that is committed before the fence is seen by it, and one that
 * would be committed after it finds another generation, asks again, and waits for this lock.
 */
async function remove(
  deps: AvailabilityDeps,
  { client, run }: HostTransaction,
  hostId: string,
  range: Interval,
  call: Call,
): Promise<Response> {
  const { removed, remaining, replaced } = removal(await intervalsMeeting(run, { hostId, window: range }), range);
  const [first] = replaced;
  if (first === undefined) return {};
  const { slotDurationMinutes } = first;
  const stored = await replaceIntervals(client, { hostId, slotDurationMinutes, replaced, by: remaining });
  await assertNotBooked(deps, hostId, removed, call);
  return {
    removed: removed.slice(0, REMOVED_RANGES_MAX).map(rangeMessage),
    removedCount: removed.length,
    remaining: stored.map(availabilityMessage),
  };
}

async function assertNotBooked(
  deps: AvailabilityDeps,
  hostId: string,
  removed: readonly Interval[],
  call: Call,
): Promise<void> {
  const { bookingIds, bookingCount } = await deps.booking.fenceHost(hostId, fencedRanges(removed), {
    timeoutMs: timeoutWithin(call.deadline, FENCE_MAX_MS),
    signal: call.signal,
  });
  if (bookingIds.length === 0 && bookingCount === 0) return;
  throw new Refusal("AVAILABILITY_BOOKED", `bookings that have not ended are in the range: ${bookingCount}`, {
    preconditions: bookingIds.map((id) => ({
      type: "BOOKING",
      subject: id,
      description: "is active and has not ended",
    })),
    metadata: { booking_count: String(bookingCount) },
  });
}
