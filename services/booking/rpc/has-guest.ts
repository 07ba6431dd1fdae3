import { z } from "zod";
import type { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { hasGuest as findPair } from "../storage/users.ts";
import type { BookingDeps } from "./deps.ts";

const schema = z.object({ hostId: uuid, guestId: uuid });

export function hasGuest(deps: BookingDeps): UnaryHandler<typeof FenceService.method.hasGuest> {
  return async (message, call) => {
    const { hostId, guestId } = parse(schema, message);
    return { hasGuest: await findPair(deps.pool, hostId, guestId, call) };
  };
}
