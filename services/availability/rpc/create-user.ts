import { z } from "zod";
import { RoleSchema } from "../../../shared/gen/availability/v1/user_pb.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { DISPLAY_NAME_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { email, enumValue, parse, text } from "../../../shared/rpc/request/parse.ts";
import { insertUser } from "../storage/users.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { type KnownRole, roleOf, userMessage } from "./messages.ts";

const schema = z.object({
  email,
  displayName: text(DISPLAY_NAME_MAX_CHARACTERS),
  role: enumValue<KnownRole>(RoleSchema),
});

export function createUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.createUser> {
  return async (message) => {
    const { role, ...rest } = parse(schema, message);
    return { user: userMessage(await insertUser(deps.pool, { ...rest, role: roleOf(role) })) };
  };
}
