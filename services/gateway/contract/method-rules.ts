/**
 * The rules of a method as the options of its contract state them: who may call it, and why it may refuse. For documents:
 * the service itself decides by its own table (`services/<service>/rpc/access.ts`), and a test holds that the two agree.
 */

import { type DescEnumValue, type DescMethod, type FileRegistry, getOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { MethodAccess, Scope } from "../../../shared/auth/access.ts";
import type { Role } from "../../../shared/auth/identity.ts";
import {
  method as methodRules,
  Scope as ScopeOption,
  service as serviceRules,
} from "../../../shared/gen/rules/v1/method_pb.ts";

const PREFIX = "ERROR_REASON_";

const scopes: Readonly<Record<number, Scope>> = {
  [ScopeOption.EVERYBODY]: "everybody",
  [ScopeOption.HOST]: "host",
  [ScopeOption.GUEST]: "guest",
  [ScopeOption.USER]: "user",
  [ScopeOption.VISIBLE]: "visible",
};

/** The roles that may call the method, with whose data. */
export function callersOf(method: DescMethod): MethodAccess {
  const { callers } = getOption(method, methodRules);
  if (callers === undefined) return {};
  const { host, user, admin, service } = callers;
  const byRole: Readonly<Record<Role, ScopeOption>> = { HOST: host, USER: user, ADMIN: admin, SERVICE: service };
  const access = Object.entries(byRole).map(([role, scope]) => [role, scopes[scope]] as const);
  return Object.fromEntries(access.filter(([, scope]) => scope !== undefined));
}

/** The reasons for which the method may refuse: its own and those of its service. */
export function reasonsOf(method: DescMethod, types: FileRegistry): DescEnumValue[] {
  const { reasons, writeReasons } = getOption(method.parent, serviceRules);
  const isRead = method.idempotency === IdempotencyLevel.NO_SIDE_EFFECTS;
  const names = [...getOption(method, methodRules).reasons, ...reasons, ...(isRead ? [] : writeReasons)];
  const typeName = `${method.parent.file.proto.package}.ErrorReason`;
  const known = types.getEnum(typeName)?.values ?? [];
  return names.map((name) => {
    const reason = known.find((each) => each.name === PREFIX + name);
    if (reason === undefined) throw new Error(`${method.name} names the reason ${name}, which ${typeName} has not`);
    return reason;
  });
}

/** As refusals carry it. */
export function reasonName({ name }: DescEnumValue): string {
  return name.slice(PREFIX.length);
}
