import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import {
  type AvailabilityService,
  SetWeeklyHoursResponseSchema,
} from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { optionalDate, timeZone, weeklyRanges } from "../../../shared/rpc/request/parse-local-time.ts";
import { etag, parse, requestId, slotDurationMinutes, uuid } from "../../../shared/rpc/request/parse.ts";
import { etagOf } from "../domain/version.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { type HoursSet, setHours } from "../scheduling/set-hours.ts";
import { keepsBooked } from "./keeps-booked.ts";
import { keptMessage, periodMessage } from "./messages.ts";

const schema = z.object({
  hostId: uuid,
  fromDate: optionalDate,
  timeZone,
  ranges: weeklyRanges,
  slotDurationMinutes,
  etag,
  booked: keepsBooked,
  requestId,
});

const response = {
  schema: SetWeeklyHoursResponseSchema,
  of: ({ period, slotDurationMinutes: minutes, hoursVersion, kept }: HoursSet) => ({
    weeklyHours: periodMessage(period),
    slotDurationMinutes: minutes,
    etag: etagOf(hoursVersion),
    ...keptMessage(kept),
  }),
};

export function setWeeklyHours(deps: SchedulingDeps): UnaryHandler<typeof AvailabilityService.method.setWeeklyHours> {
  return async (message, call) => {
    const { booked, ...asked } = parse(schema, message);
    assertMay(call, { host: asked.hostId });
    return await setHours(deps, call, { ...asked, keepsBooked: booked }, response);
  };
}
