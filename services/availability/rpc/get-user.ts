import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { userNotFound } from "../storage/hosts.ts";
import { findUser } from "../storage/users.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { userMessage } from "./messages.ts";

const schema = z.object({ userId: uuid });

export function getUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.getUser> {
  return async (message, call) => {
    const { userId } = parse(schema, message);
    assertMay(call, { user: userId });
    const user = await findUser(deps, userId, call.signal);
    if (user === undefined) throw userNotFound(userId);
    return { user: userMessage(user) };
  };
}
