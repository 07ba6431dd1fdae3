import { z } from "zod";
import { Refusal } from "../../../shared/errors.ts";
import type { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { SUBJECT_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { always, parse } from "../../../shared/rpc/request/parse.ts";
import { optionalEmail, optionalVisibleText } from "../../../shared/rpc/request/parse-texts.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { findUserNamed } from "../storage/users.ts";
import { userMessage } from "./messages.ts";

const schema = z
  .object({ email: optionalEmail, externalId: optionalVisibleText(SUBJECT_MAX_CHARACTERS) })
  .refine(({ email, externalId }) => email !== undefined || externalId !== undefined, {
    path: ["email"],
    message: "or external_id is required",
    when: always,
  });

export function lookupUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.lookupUser> {
  return async (message, call) => {
    const user = await findUserNamed(deps, parse(schema, message), call);
    // By which name is not said again: refusals get into logs, and this one is of a person.
    if (user === undefined) throw new Refusal("USER_NOT_FOUND", "no user has this e-mail address or external id");
    return { user: userMessage(user) };
  };
}
