import type { z } from "zod";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { LAST_INSTANT, WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { Call, UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/request/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import { findHost, type Host, readingWith, type Run } from "../storage/hosts.ts";
import { openTimeMeeting } from "../storage/open-time.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { availabilityMessage } from "./messages.ts";

const schema = withWindow({ hostId: uuid, pageSize, pageToken }, WINDOW_MAX_MS);

export function listAvailability(
  deps: SchedulingDeps,
): UnaryHandler<typeof AvailabilityService.method.listAvailability> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const query = ["ListAvailability", asked.hostId, asked.startTime ?? null, asked.endTime ?? null];
    const window = await windowOf(deps, asked, query, call);
    const run = readingWith(deps.pool, call);
    const host = await findHost(run, asked.hostId);
    const met = await firstIntervals(run, host, window, asked.pageSize + 1);
    // The caller has seen the window as far as the last interval's end. To go on behind its *start* would skip what merges
    // with it before the next page: the merged interval starts before it. There is one more, so the end is in the window.
    const { page, nextPageToken } = pageOf(met, asked.pageSize, (last) =>
      encodePageToken(query, [last.end, window.end]),
    );
    const { slotDurationMinutes = 0 } = host.rules;
    return {
      availabilities: page.map((each) => availabilityMessage({ ...each, hostId: host.id, slotDurationMinutes })),
      nextPageToken,
    };
  };
}

/** The first intervals that meet the window, at most `limit`, however many exceptions cut it up. */
async function firstIntervals(run: Run, host: Host, window: Interval, limit: number): Promise<Interval[]> {
  const found: Interval[] = [];
  let { start } = window;
  while (start < window.end && found.length < limit) {
    const rest = { start, end: window.end };
    const { intervals, covered } = await openTimeMeeting(run, host, { window: rest, limit, until: LAST_INSTANT });
    found.push(...intervals);
    start = Math.max(covered.end, found.at(-1)?.end ?? start);
  }
  return found.slice(0, limit);
}

/** The window, or what is left of it: the token keeps both ends, because "now" must not move between pages. */
async function windowOf(
  deps: SchedulingDeps,
  asked: z.output<typeof schema>,
  query: readonly unknown[],
  call: Call,
): Promise<Interval> {
  if (asked.pageToken === "") return windowAt(asked, asked.startTime ?? (await databaseNow(deps.pool, call)));
  const [startTime, endTime] = decodePageToken(asked.pageToken, query, ["instant", "instant"]);
  return windowAt({ startTime, endTime }, startTime);
}
