import { z } from "zod";
import { RoleSchema } from "../../../shared/gen/availability/v1/user_pb.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { DISPLAY_NAME_MAX_CHARACTERS, SUBJECT_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { email, enumValue, parse, visibleText } from "../../../shared/rpc/request/parse.ts";
import { optionalVisibleText } from "../../../shared/rpc/request/parse-texts.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { insertUser } from "../storage/change-user.ts";
import { type KnownRole, roleOf, userMessage } from "./messages.ts";

const schema = z.object({
  email,
  displayName: visibleText(DISPLAY_NAME_MAX_CHARACTERS),
  role: enumValue<KnownRole>(RoleSchema),
  externalId: optionalVisibleText(SUBJECT_MAX_CHARACTERS),
});

export function createUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.createUser> {
  return async (message, { trace }) => {
    const { role, ...profile } = parse(schema, message);
    return { user: userMessage(await insertUser(deps, roleOf(role), profile, trace)) };
  };
}
