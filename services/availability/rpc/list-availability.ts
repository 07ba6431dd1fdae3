import type { z } from "zod";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import { read } from "../../../shared/postgres/read.ts";
import type { Call, UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/parse.ts";
import { windowAt } from "../../../shared/rpc/window.ts";
import { intervalsMeeting } from "../storage/availability.ts";
import { assertHost } from "../storage/hosts.ts";
import type { AvailabilityDeps } from "./deps.ts";
import { availabilityMessage } from "./messages.ts";

const request = withWindow({ hostId: uuid, pageSize, pageToken }, WINDOW_MAX_MS);

export function listAvailability(
  deps: AvailabilityDeps,
): UnaryHandler<typeof AvailabilityService.method.listAvailability> {
  return async (message, call) => {
    const asked = parse(request, message);
    const query = ["ListAvailability", asked.hostId, asked.startTime ?? null, asked.endTime ?? null];
    const { window, afterStart } = await placeOf(deps, asked, query, call);
    const run = <Row extends object>(sql: { text: string }): Promise<Row[]> => read<Row>(deps.pool, sql, call.signal);
    await assertHost(run, asked.hostId);
    const limit = asked.pageSize + 1;
    const met = await intervalsMeeting(run, { hostId: asked.hostId, window, afterStart, limit });
    const { page, nextPageToken } = pageOf(met, asked.pageSize, (last) =>
      encodePageToken(query, [window.start, window.end, last.start]),
    );
    return { availabilities: page.map(availabilityMessage), nextPageToken };
  };
}

/** Where the page begins. The token keeps the window of the first page: "now" must not move between pages. */
async function placeOf(
  deps: AvailabilityDeps,
  asked: z.output<typeof request>,
  query: readonly unknown[],
  call: Call,
): Promise<{ window: Interval; afterStart: number | undefined }> {
  if (asked.pageToken === "") {
    const now = asked.startTime ?? (await databaseNow(deps.pool, call.signal));
    return { window: windowAt(asked, now), afterStart: undefined };
  }
  const [startTime, endTime, afterStart] = decodePageToken(asked.pageToken, query, ["instant", "instant", "instant"]);
  return { window: windowAt({ startTime, endTime }, startTime), afterStart };
}
