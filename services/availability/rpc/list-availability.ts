import type { z } from "zod";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import { read } from "../../../shared/postgres/read.ts";
import type { Call, UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/request/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import { intervalsMeeting } from "../storage/availability.ts";
import { assertHost } from "../storage/hosts.ts";
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
    const run = <Row extends object>(sql: { text: string }): Promise<Row[]> => read<Row>(deps.pool, sql, call.signal);
    await assertHost(run, asked.hostId);
    const met = await intervalsMeeting(run, { hostId: asked.hostId, window, limit: asked.pageSize + 1 });
    // The caller has seen the window as far as the last interval's end. To go on behind its *start* would skip what merges
    // with it before the next page: the merged interval starts before it. There is one more, so the end is in the window.
    const { page, nextPageToken } = pageOf(met, asked.pageSize, (last) =>
      encodePageToken(query, [last.end, window.end]),
    );
    return { availabilities: page.map(availabilityMessage), nextPageToken };
  };
}

/** The window, or what is left of it: the token keeps both ends, because "now" must not move between pages. */
async function windowOf(
  deps: SchedulingDeps,
  asked: z.output<typeof schema>,
  query: readonly unknown[],
  call: Call,
): Promise<Interval> {
  if (asked.pageToken === "") return windowAt(asked, asked.startTime ?? (await databaseNow(deps.pool, call.signal)));
  const [startTime, endTime] = decodePageToken(asked.pageToken, query, ["instant", "instant"]);
  return windowAt({ startTime, endTime }, startTime);
}
