import { z } from "zod";
import type { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import { merge } from "../../../shared/interval.ts";
import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { list, parse, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import type { BookingDeps } from "./deps.ts";

const ranges = list(withInterval({}), FENCED_RANGES_MAX);
const schema = z.object({ hostId: uuid, ranges });

export function fenceHost(deps: BookingDeps): UnaryHandler<typeof FenceService.method.fenceHost> {
  return async (message, call) => {
    const asked = parse(schema, message);
    const { hostId } = asked;
    const outcome = await deps.lanes.commit(
      { kind: "fence", hostId, actor: call.actor, ranges: merge(asked.ranges.map((range) => range.during)) },
      call,
    );
    deps.calendars.forget(hostId);
    if (outcome.kind !== "fenced") throw new Error(`a fence cannot end as ${outcome.kind}`);
    const { generation, bookingIds, bookingCount } = outcome.fenced;
    return { generation: BigInt(generation), bookingIds: [...bookingIds], bookingCount };
  };
}
