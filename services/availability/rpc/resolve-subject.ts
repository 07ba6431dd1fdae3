import { z } from "zod";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { Refusal } from "../../../shared/errors.ts";
import { SUBJECT_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { parse, visibleText } from "../../../shared/rpc/request/parse.ts";
import { userStateNumber } from "../../../shared/rpc/user-state.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { roleNumber } from "./messages.ts";

const schema = z.object({ subject: visibleText(SUBJECT_MAX_CHARACTERS) });

export function resolveSubject({
  findSubject,
}: SchedulingDeps): UnaryHandler<typeof UserService.method.resolveSubject> {
  return async (message) => {
    const { subject } = parse(schema, message);
    const user = await findSubject(subject);
    // The refusal names no subject: it may be the e-mail address of a person.
    if (user === undefined) throw new Refusal("USER_NOT_FOUND", "no user has this id or external_id");
    return { userId: user.id, role: roleNumber[user.role], state: userStateNumber[user.state] };
  };
}
