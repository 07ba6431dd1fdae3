import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { ExceptionKind } from "../../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/request/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { closuresMeeting, exceptionsMeeting } from "../storage/exceptions.ts";
import { findHost, readingWith } from "../storage/hosts.ts";
import { rangeMessage } from "./messages.ts";
import { listedWindow } from "./listed-window.ts";

const schema = withWindow({ hostId: uuid, pageSize, pageToken }, WINDOW_MAX_MS);

/** Of two that start together the closure comes first. */
const kinds = ["closures", "openings"] as const;
const kindNumber = { closures: ExceptionKind.CLOSURE, openings: ExceptionKind.OPENING } as const;

export function listExceptions(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.listExceptions> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const query = ["ListExceptions", asked.hostId, asked.startTime ?? null, asked.endTime ?? null];
    const after = asked.pageToken === "" ? undefined : decodePageToken(asked.pageToken, query, ["instant", "instant", "index"]);
    const window = after === undefined ? await listedWindow(deps.pool, asked, call.signal) : { start: after[0], end: after[1] };
    const run = readingWith(deps.pool, call.signal);
    const host = await findHost(run, asked.hostId);
    // One of each kind more than is shown: the one that the page before has ended with is read again.
    const selection = { hostId: host.id, window, limit: asked.pageSize + 2 };
    const found = [
      ...(await closuresMeeting(run, host, selection)).map((each) => ({ ...each, kind: 0 })),
      ...(await exceptionsMeeting(run, "openings", selection)).map((each) => ({ ...each, kind: 1 })),
    ];
    const [seenStart, , seenKind] = after ?? [-Infinity, 0, 0];
    const rest = found
      .filter(({ start, kind }) => start > seenStart || (start === seenStart && kind > seenKind))
      .toSorted((a, b) => a.start - b.start || a.kind - b.kind)
      .slice(0, asked.pageSize + 1);
    const { page, nextPageToken } = pageOf(rest, asked.pageSize, (last) =>
      encodePageToken(query, [last.start, window.end, last.kind]),
    );
    return {
      exceptions: page.map((each) => ({ kind: kindNumber[kinds[each.kind] ?? "openings"], ...rangeMessage(each) })),
      nextPageToken,
    };
  };
}
