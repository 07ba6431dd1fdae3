import { z } from "zod";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { visibleUser } from "../scheduling/visible-user.ts";
import { messageFor } from "./messages.ts";

const schema = z.object({ userId: uuid });

export function getUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.getUser> {
  return async (message, call) => {
    const { userId } = parse(schema, message);
    return { user: messageFor(call, await visibleUser(deps, call, userId)) };
  };
}
