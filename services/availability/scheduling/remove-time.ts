import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Caller } from "../../../shared/caller.ts";
import type { Interval } from "../../../shared/interval.ts";
import { REMOVED_RANGES_MAX } from "../../../shared/limits.ts";
import { requestKey } from "../../../shared/request-key.ts";
import { read } from "../../../shared/postgres/read.ts";
import type { Availability } from "../domain/availability.ts";
import { changeHost, type HostTransaction } from "../storage/change-host.ts";
import { rememberedAnswer, type Response } from "../storage/requests.ts";
import { changeOpenTime } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";

export interface Removal {
  readonly hostId: string;
  readonly during: Interval;
  readonly requestId: string | undefined;
}

export interface Removed {
  /** The first REMOVED_RANGES_MAX ranges, by start. */
  readonly removed: readonly Interval[];
  readonly removedCount: number;
  /** What is left of the intervals that have lost time. */
  readonly remaining: readonly Availability[];
}

/** Closes a host's time, unless it is booked. Throws what `changeHost` and `changeOpenTime` throw. */
export async function removeTime<Message extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller,
  { hostId, during, requestId }: Removal,
  response: Response<Removed, Message>,
): Promise<MessageShape<Message>> {
  const write = { hostId, key: requestKey("RemoveAvailability", requestId, [during.start, during.end]), response };
  // A call that was answered before gets its answer whatever else is under way; only under the lock is "none" final.
  const again = await rememberedAnswer((query) => read(deps.pool, query, caller.signal), write);
  if (again !== undefined) return again;
  return await changeHost(deps, write, caller, (host) => remove(deps, host, hostId, during, caller), deps.removals);
}

async function remove(
  deps: SchedulingDeps,
  host: HostTransaction,
  hostId: string,
  window: Interval,
  caller: Caller,
): Promise<Removed> {
  const { removed, written } = await changeOpenTime(deps, host, { hostId, window, wanted: [] }, caller);
  return { removed: removed.slice(0, REMOVED_RANGES_MAX), removedCount: removed.length, remaining: written };
}
