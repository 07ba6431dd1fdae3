import { z } from "zod";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { findHost, readingWith } from "../storage/hosts.ts";
import { rulesMessage } from "./messages.ts";

const schema = z.object({ hostId: uuid });

export function getRules(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.getRules> {
  return async (message, call) => {
    const { hostId } = parse(schema, message);
    const { rules, rulesVersion } = await findHost(readingWith(deps.pool, call), hostId);
    return { rules: rulesMessage(hostId, rules, rulesVersion) };
  };
}
