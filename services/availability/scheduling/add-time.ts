import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { Refusal } from "../../../shared/errors.ts";
import { contains, type Interval } from "../../../shared/interval.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { Availability } from "../domain/availability.ts";
import { slotDurationMinutesOf } from "../storage/availability.ts";
import { changeHost } from "../storage/change-host.ts";
import type { Response } from "../storage/requests.ts";
import { changeOpenTime } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";

/** How long an addition waits, after its commit, for Booking to hear of it. */
const ANNOUNCEMENT_MAX_MS = 1000;

export interface Addition {
  readonly hostId: string;
  readonly during: Interval;
  readonly slotDurationMinutes: number;
  readonly requestId: string | undefined;
}

/** Opens a host's time. Returns the response of the interval that holds it then. Throws what `changeHost` throws, and SLOT_DURATION_MISMATCH. */
export async function addTime<Message extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller & { readonly log: Logger },
  { hostId, during, slotDurationMinutes, requestId }: Addition,
  response: Response<Availability, Message>,
): Promise<MessageShape<Message>> {
  const key = requestKey("AddAvailability", requestId, [during.start, during.end, slotDurationMinutes]);
  const answer = await changeHost(deps, { hostId, key, response }, caller, async (host) => {
    assertSameSlotDuration(await slotDurationMinutesOf(host.run, hostId), slotDurationMinutes);
    const wanted = { hostId, window: during, wanted: [during], slotDurationMinutes };
    const { before, written } = await changeOpenTime(deps, host, wanted, caller);
    const holder = [...written, ...before].find((each) => contains(each, during));
    if (holder === undefined) throw new Error("the added time was not stored");
    return holder;
  });
  await announce(deps, hostId, caller);
  return answer;
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
async function announce(
  deps: SchedulingDeps,
  hostId: string,
  caller: Caller & { readonly log: Logger },
): Promise<void> {
  try {
    await deps.booking.fenceHost(
      hostId,
      { ranges: [] },
      {
        timeoutMs: timeoutWithin(caller.deadline, ANNOUNCEMENT_MAX_MS),
        signal: caller.signal,
      },
    );
  } catch (error) {
    caller.log.debug({ err: error, hostId }, "an addition could not be announced to the booking service");
  }
}
