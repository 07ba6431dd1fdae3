import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Caller } from "../../../shared/caller.ts";
import type { Interval } from "../../../shared/interval.ts";
import { REMOVED_RANGES_MAX } from "../../../shared/limits.ts";
import { read } from "../../../shared/postgres/read.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { Availability } from "../domain/availability.ts";
import { slotDurationMinutesOf } from "../storage/availability.ts";
import { changeHost, type HostTransaction } from "../storage/change-host.ts";
import { rememberedAnswer } from "../storage/requests.ts";
import { changeOpenTime } from "./change-open-time.ts";
import type { AnswerOf, SchedulingDeps } from "./deps.ts";

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
export async function removeTime<Response extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller,
  { hostId, during, requestId }: Removal,
  answer: AnswerOf<Removed, Response>,
): Promise<MessageShape<Response>> {
  const key = requestKey("RemoveAvailability", requestId, [during.start, during.end]);
  const write = { hostId, key, answer: answer.schema };
  // A call that was answered before gets its answer whatever else is under way; only under the lock is "none" final.
  const again = await rememberedAnswer((query) => read(deps.pool, query, caller.signal), write);
  if (again !== undefined) return again;
  const change = async (host: HostTransaction): Promise<MessageInitShape<Response>> =>
    answer.from(await remove(deps, host, hostId, during, caller));
  return await changeHost(deps, write, caller, change, deps.removals);
}

async function remove(
  deps: SchedulingDeps,
  host: HostTransaction,
  hostId: string,
  window: Interval,
  caller: Caller,
): Promise<Removed> {
  const slotDurationMinutes = await slotDurationMinutesOf(host.run, hostId);
  // The host has no open time at all.
  if (slotDurationMinutes === undefined) return { removed: [], removedCount: 0, remaining: [] };
  const wanted = { hostId, window, wanted: [], slotDurationMinutes };
  const { removed, written } = await changeOpenTime(deps, host, wanted, caller);
  return { removed: removed.slice(0, REMOVED_RANGES_MAX), removedCount: removed.length, remaining: written };
}
