import { z } from "zod";
import { assertMay } from "../../../shared/auth/access.ts";
import { UpdateUserRequestSchema, type UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { DISPLAY_NAME_MAX_CHARACTERS, SUBJECT_MAX_CHARACTERS } from "../../../shared/limits.ts";
import type { UnaryHandler } from "../../../shared/rpc/handler.ts";
import { always, etag, parse, uuid } from "../../../shared/rpc/request/parse.ts";
import { updateMask } from "../../../shared/rpc/request/parse-mask.ts";
import { optionalEmail, optionalVisibleText } from "../../../shared/rpc/request/parse-texts.ts";
import type { SchedulingDeps } from "../scheduling/deps.ts";
import { updateUser as update } from "../scheduling/update-user.ts";
import { userMessage } from "./messages.ts";

const profile = {
  email: optionalEmail,
  displayName: optionalVisibleText(DISPLAY_NAME_MAX_CHARACTERS),
  externalId: optionalVisibleText(SUBJECT_MAX_CHARACTERS),
};

/** What every user has, so that it cannot be cleared. */
const kept = ["email", "displayName"] as const;

const mask = updateMask(UpdateUserRequestSchema.field.updateMask, profile);
const schema = z.object({ userId: uuid, ...profile, updateMask: mask, etag }).superRefine(
  ({ updateMask: named, ...given }, context) => {
    if (!Array.isArray(named)) return;
    const missing = kept.filter((field) => named.includes(field) && given[field] === undefined);
    for (const field of missing) context.addIssue({ code: "custom", path: [field], message: "is required" });
  },
  { when: always },
);

export function updateUser(deps: SchedulingDeps): UnaryHandler<typeof UserService.method.updateUser> {
  return async (message, call) => {
    const { userId, updateMask: named, etag: seen, ...given } = parse(schema, message);
    assertMay(call, { user: userId });
    const asked = { userId, given, mask: named, etag: seen, mayIdentify: call.scope === "everybody" };
    const { user, complete } = await update(deps, call, asked);
    return { user: userMessage(user), complete };
  };
}
