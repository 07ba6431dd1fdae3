import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import { requestKey } from "../../../shared/request-key.ts";
import { restored } from "../domain/change.ts";
import { intentAround } from "../storage/exceptions.ts";
import type { Response } from "../storage/requests.ts";
import { announce } from "./announce.ts";
import { changeFenced } from "./change-fenced.ts";
import { type ChangedTime, changeOpenTime } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";
import type { Removal } from "./remove-time.ts";

/**
 * Ends a host's openings and closures within a range, so that its weekly hours alone say what is open there, unless bookings
 * are in openings that would go. Throws what `changeHost` and `changeOpenTime` throw.
 */
export async function restoreHours<Message extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller & { readonly log: Logger },
  { hostId, during, keepsBooked, requestId }: Removal,
  response: Response<ChangedTime, Message>,
): Promise<MessageShape<Message>> {
  const key = requestKey("RestoreWeeklyHours", requestId, [during.start, during.end, keepsBooked]);
  const answer = await changeFenced(deps, { hostId, key, response }, caller, async (under) => {
    const before = await intentAround(under.run, under.host, during);
    const change = { window: during, before, after: restored(before, during), keepsBooked };
    return await changeOpenTime(deps, under, change, caller);
  });
  await announce(deps, hostId, caller);
  return answer;
}
