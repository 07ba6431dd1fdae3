import { assertMay } from "../../../shared/auth/access.ts";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { Refusal } from "../../../shared/errors.ts";
import { REQUESTED_INTERVAL_MAX_MS } from "../../../shared/limits.ts";
import { timeoutWithin } from "../../../shared/rpc/client.ts";
import type { Call, UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, requestId, slotDurationMinutes, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { addition } from "../domain/addition.ts";
import type { Availability } from "../domain/availability.ts";
import { intervalsTouching, replaceIntervals, slotDurationMinutesOf } from "../storage/availability.ts";
import { changeHost } from "../storage/change-host.ts";
import type { AvailabilityDeps } from "./deps.ts";
import { availabilityMessage } from "./messages.ts";

/** How long an addition waits, after its commit, for Booking to hear of it. */
const ANNOUNCEMENT_MAX_MS = 1000;

const request = withInterval({ hostId: uuid, slotDurationMinutes, requestId }, REQUESTED_INTERVAL_MAX_MS);

export function addAvailability(
  deps: AvailabilityDeps,
): UnaryHandler<typeof AvailabilityService.method.addAvailability> {
  return async (message, call) => {
    const asked = parse(request, message);
    const { hostId, during, slotDurationMinutes: minutes } = asked;
    assertMay(call, { host: hostId });
    const content = [during.start, during.end, minutes];
    const write = { hostId, requestId: asked.requestId, method: "AddAvailability", content } as const;
    const availability = await changeHost<Availability>(deps, write, call, async ({ client, run }) => {
      assertSameSlotDuration(await slotDurationMinutesOf(run, hostId), minutes);
      const added = addition(await intervalsTouching(run, hostId, during), during);
      if ("kept" in added) return added.kept;
      const { merged, replaced } = added;
      const [stored] = await replaceIntervals(client, { hostId, slotDurationMinutes: minutes, replaced, by: [merged] });
      if (stored === undefined) throw new Error("the merged interval was not stored");
      return stored;
    });
    await announce(deps, hostId, call);
    return { availability: availabilityMessage(availability) };
  };
}

function assertSameSlotDuration(stored: number | undefined, asked: number): void {
  if (stored === undefined || stored === asked) return;
  throw new Refusal("SLOT_DURATION_MISMATCH", `the host's slots take ${stored} minutes, not ${asked}`, {
    preconditions: [
      { type: "SLOT_DURATION", subject: "slot_duration_minutes", description: `the host's availability has ${stored}` },
    ],
    metadata: { slot_duration_minutes: String(stored) },
  });
}

/**
 * Tells Booking that what it remembers of the host is out of date, so that the new time can be booked at once. Its failure
 * is no failure of the addition, which is committed: Booking finds out by itself when its memory expires. A repeated call
 * announces again, because the first one may have ended before it did.
 */
async function announce(deps: AvailabilityDeps, hostId: string, call: Call): Promise<void> {
  try {
    await deps.booking.fenceHost(hostId, [], {
      timeoutMs: timeoutWithin(call.deadline, ANNOUNCEMENT_MAX_MS),
      signal: call.signal,
    });
  } catch (error) {
    call.log.debug({ err: error, hostId }, "an addition could not be announced to the booking service");
  }
}
