import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Caller } from "../../../shared/caller.ts";
import { interval, type Interval } from "../../../shared/interval.ts";
import { LAST_INSTANT, REMOVED_RANGES_MAX } from "../../../shared/limits.ts";
import { requestKey } from "../../../shared/request-key.ts";
import type { Availability } from "../domain/availability.ts";
import { closed } from "../domain/change.ts";
import type { HostTransaction } from "../storage/change-host.ts";
import { intentAround } from "../storage/exceptions.ts";
import { openTimeMeeting } from "../storage/open-time.ts";
import type { Response } from "../storage/requests.ts";
import type { Booked } from "./bookings-in.ts";
import { changeFenced } from "./change-fenced.ts";
import { changeOpenTime } from "./change-open-time.ts";
import type { SchedulingDeps } from "./deps.ts";

export interface Removal {
  readonly hostId: string;
  readonly during: Interval;
  readonly keepsBooked: boolean;
  readonly requestId: string | undefined;
}

export interface Removed {
  /** The first REMOVED_RANGES_MAX ranges, by start. */
  readonly removed: readonly Interval[];
  readonly removedCount: number;
  /** What is left beside the first and the last of them. */
  readonly remaining: readonly Availability[];
  readonly kept: Booked;
}

/** Closes a host's time, unless it is booked. Throws what `changeHost` and `changeOpenTime` throw. */
export async function removeTime<Message extends DescMessage>(
  deps: SchedulingDeps,
  caller: Caller,
  removal: Removal,
  response: Response<Removed, Message>,
): Promise<MessageShape<Message>> {
  const { hostId, during, keepsBooked, requestId } = removal;
  const key = requestKey("RemoveAvailability", requestId, [during.start, during.end, keepsBooked]);
  return await changeFenced(deps, { hostId, key, response }, caller, (under) => remove(deps, under, removal, caller));
}

async function remove(
  deps: SchedulingDeps,
  under: HostTransaction,
  { during, keepsBooked }: Removal,
  caller: Caller,
): Promise<Removed> {
  const before = await intentAround(under.run, under.host, during);
  const change = { window: during, before, after: closed(before, during), keepsBooked };
  const { removed, kept } = await changeOpenTime(deps, under, change, caller);
  return {
    removed: removed.slice(0, REMOVED_RANGES_MAX),
    removedCount: removed.length,
    remaining: await besides(under, removed),
    kept,
  };
}

/** The open time that touches the first of some removed ranges at its start, or the last at its end. */
async function besides({ run, host }: HostTransaction, removed: readonly Interval[]): Promise<Availability[]> {
  const [first, last] = [removed[0], removed.at(-1)];
  const { slotDurationMinutes } = host.rules;
  if (first === undefined || last === undefined || slotDurationMinutes === undefined) return [];
  const edges = [interval(first.start - 1, first.start), interval(last.end, last.end + 1)];
  const beside: Availability[] = [];
  for (const window of edges) {
    const { intervals } = await openTimeMeeting(run, host, { window, limit: 1, until: LAST_INSTANT });
    beside.push(...intervals.map((each) => ({ ...each, hostId: host.id, slotDurationMinutes })));
  }
  return beside;
}
