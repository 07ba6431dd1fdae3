import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { ExceptionKind } from "../../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/request/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { exceptionsAfter } from "../storage/exceptions.ts";
import { findHost, readingWith } from "../storage/hosts.ts";
import { rangeFields } from "./messages.ts";

const schema = withWindow({ hostId: uuid, pageSize, pageToken }, WINDOW_MAX_MS);

const kinds = { openings: ExceptionKind.OPENING, closures: ExceptionKind.CLOSURE } as const;

export function listExceptions(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.listExceptions> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const query = ["ListExceptions", asked.hostId, asked.startTime ?? null, asked.endTime ?? null];
    const [startTime, endTime, seenStart = -Infinity, seenClosure = 0] =
      asked.pageToken === ""
        ? [asked.startTime ?? (await databaseNow(deps.pool, call)), asked.endTime]
        : decodePageToken(asked.pageToken, query, ["instant", "instant", "instant", "integer"]);
    const window = windowAt({ startTime, endTime }, startTime);
    const run = readingWith(deps.pool, call);
    const host = await findHost(run, asked.hostId);
    const seen = { start: seenStart, isClosure: seenClosure === 1 };
    const rest = await exceptionsAfter(run, host, window, seen, asked.pageSize + 1);
    const { page, nextPageToken } = pageOf(rest, asked.pageSize, (last) =>
      encodePageToken(query, [window.start, window.end, last.start, last.kind === "closures" ? 1 : 0]),
    );
    return { exceptions: page.map((each) => ({ kind: kinds[each.kind], ...rangeFields(each) })), nextPageToken };
  };
}
