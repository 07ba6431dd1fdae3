import { z } from "zod";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { changeState } from "../scheduling/change-state.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { userMessage } from "./messages.ts";

const schema = z.object({ userId: uuid });

export function deactivateUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.deactivateUser> {
  return async (message, call) => {
    const { userId } = parse(schema, message);
    const { user, complete } = await changeState(deps, call, userId, "DEACTIVATED");
    return { user: userMessage(user), complete };
  };
}
