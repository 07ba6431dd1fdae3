import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { StreamHandler } from "../../../shared/rpc/handler.ts";
import { parse, sequence, uuid } from "../../../shared/rpc/request/parse.ts";
import type { BookingDeps } from "./deps.ts";
import { eventMessage } from "./messages.ts";

const schema = z.object({ hostId: uuid, afterSequence: sequence.optional() });

export function watchBookings(deps: BookingDeps): StreamHandler<typeof BookingService.method.watchBookings> {
  return async function* watch(message, call) {
    const { hostId, afterSequence } = parse(schema, message);
    assertMay(call, { host: hostId });
    for await (const { event, sequence: reached } of deps.feed.watch(hostId, afterSequence, call)) {
      yield { sequence: BigInt(reached), ...(event === undefined ? {} : { event: eventMessage(event) }) };
    }
  };
}
