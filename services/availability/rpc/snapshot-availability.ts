import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, sequence, uuid, withInterval } from "../../../shared/rpc/request/parse.ts";
import { timestamp } from "../../../shared/rpc/timestamp.ts";
import { snapshotOf } from "../storage/snapshot.ts";
import { rangeFields, rulesMessage } from "./messages.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";

const schema = withInterval({ hostId: uuid, generation: sequence }, WINDOW_MAX_MS);

export function snapshotAvailability(
  deps: SchedulingDeps,
): UnaryHandler<typeof AvailabilityService.method.snapshotAvailability> {
  return async (message, call) => {
    const { hostId, during, generation } = parse(schema, message);
    const { intervals, host, covered } = await snapshotOf(deps.pool, hostId, during, call);
    return {
      intervals: intervals.map((each) => ({ ...rangeFields(each), gridOriginTime: timestamp(each.origin) })),
      rules: rulesMessage(hostId, host.rules, host.rulesVersion),
      coveredStartTime: timestamp(covered.start),
      coveredEndTime: timestamp(covered.end),
      generation: BigInt(generation),
    };
  };
}
