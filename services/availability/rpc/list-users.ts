import { z } from "zod";
import { Role, RoleSchema } from "../../../shared/gen/availability/v1/user_pb.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken, pageOf } from "../../../shared/rpc/request/page-token.ts";
import { enumValue, pageSize, pageToken, parse } from "../../../shared/rpc/request/parse.ts";
import { notYourOwn } from "../../../shared/auth/access.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { findUsers } from "../storage/users.ts";
import { type KnownRole, messageFor, roleOf } from "./messages.ts";

const schema = z.object({
  role: z.union(
    [z.literal(Role.UNSPECIFIED).transform(() => undefined), enumValue<KnownRole>(RoleSchema).transform(roleOf)],
    {
      error: "must be ROLE_HOST, ROLE_USER or unset",
    },
  ),
  pageSize,
  pageToken,
});

export function listUsers(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.listUsers> {
  return async (message, call) => {
    const { role, ...asked } = parse(schema, message);
    const which = call.scope === "everybody" ? role : activeHosts(role);
    const query = ["ListUsers", which ?? null];
    const [afterId] = asked.pageToken === "" ? [] : decodePageToken(asked.pageToken, query, ["uuid"]);
    const users = await findUsers(deps, { which, afterId, limit: asked.pageSize + 1 }, call);
    const { page, nextPageToken } = pageOf(users, asked.pageSize, (last) => encodePageToken(query, [last.id]));
    return { users: page.map((user) => messageFor(call, user)), nextPageToken };
  };
}

/** What is listed for people. An empty list of guests would say that there are none. */
function activeHosts(role: "HOST" | "USER" | undefined): "active hosts" {
  if (role === "USER") throw notYourOwn();
  return "active hosts";
}
