import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import type { Interval } from "../../../shared/interval.ts";
import { LAST_INSTANT } from "../../../shared/limits.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { Availability } from "../domain/availability.ts";
import { opened } from "../domain/change.ts";
import { changeHost, type HostTransaction } from "../storage/change-host.ts";
import { intentAround } from "../storage/exceptions.ts";
import { openTimeMeeting } from "../storage/open-time.ts";
import type { Response } from "../storage/requests.ts";
import { announce } from "./announce.ts";
import { changeOpenTime } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";
import { adoptSlotDuration } from "./slot-duration.ts";

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
  addition: Addition,
  response: Response<Availability, Message>,
): Promise<MessageShape<Message>> {
  const { hostId, during, slotDurationMinutes, requestId } = addition;
  const key = requestKey("AddAvailability", requestId, [during.start, during.end, slotDurationMinutes]);
  const answer = await changeHost(deps, { hostId, key, response }, caller, (under) =>
    add(deps, under, addition, caller),
  );
  await announce(deps, hostId, caller);
  return answer;
}

async function add(
  deps: SchedulingDeps,
  under: HostTransaction,
  { hostId, during, slotDurationMinutes }: Addition,
  caller: Caller,
): Promise<Availability> {
  const { run, host } = under;
  await adoptSlotDuration(under, host.periods, slotDurationMinutes);
  const before = await intentAround(run, host, during);
  const after = opened(before, during);
  await changeOpenTime(deps, under, { window: during, before, after, keepsBooked: false }, caller);
  const held = await openTimeMeeting(run, host, { window: during, limit: 1, until: LAST_INSTANT });
  const [holder] = held.intervals;
  if (holder === undefined) throw new Error("the added time was not stored");
  return { ...holder, hostId, slotDurationMinutes };
}
