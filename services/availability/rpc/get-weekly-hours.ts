import { z } from "zod";
import type { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { etagOf } from "../domain/version.ts";
import { periodsFrom } from "../domain/weekly-hours.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { findHost, readingWith } from "../storage/hosts.ts";
import { periodMessage } from "./messages.ts";

const schema = z.object({ hostId: uuid });

export function getWeeklyHours(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.getWeeklyHours> {
  return async (message, call) => {
    const { hostId } = parse(schema, message);
    const host = await findHost(readingWith(deps.pool, call), hostId);
    return {
      weeklyHours: periodsFrom(host.periods, await databaseNow(deps.pool, call)).map(periodMessage),
      slotDurationMinutes: host.rules.slotDurationMinutes ?? 0,
      etag: etagOf(host.hoursVersion),
    };
  };
}
