import { z } from "zod";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { changeState } from "../scheduling/change-state.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { userMessage } from "./messages.ts";

const schema = z.object({ userId: uuid });

export function reactivateUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.reactivateUser> {
  return async (message, call) => {
    const { userId } = parse(schema, message);
    const { user, complete } = await changeState(deps, call, userId, "ACTIVE");
    return { user: userMessage(user), complete };
  };
}
