import { z } from "zod";
import { UserStateSchema } from "../../../shared/gen/availability/v1/user_pb.ts";
import type { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { enumValue, parse, uuid, version } from "../../../shared/rpc/request/parse.ts";
import { type KnownUserState, userStateName, userStateNumber } from "../../../shared/rpc/user-state.ts";
import { fenceUser as takeEffect } from "../scheduling/fence-user.ts";
import type { BookingDeps } from "./deps.ts";

const schema = z.object({ userId: uuid, state: enumValue<KnownUserState>(UserStateSchema), version });

export function fenceUser(deps: BookingDeps): UnaryHandler<typeof FenceService.method.fenceUser> {
  return async (message, call) => {
    const { userId: id, state, version: told } = parse(schema, message);
    // First, and at once: nothing that comes after it may keep a token good that is another user's by now.
    await deps.forgetUser(id);
    const stored = await takeEffect(
      { ...deps, log: call.log },
      { id, state: userStateName(state), version: told },
      call,
    );
    // And again: while Availability is out of reach, a replica may have read the state of before it was stored. If this is not
    // reached, Availability tells again.
    await deps.forgetUser(id);
    return { complete: stored.isComplete, state: userStateNumber[stored.state], version: BigInt(stored.version) };
  };
}
