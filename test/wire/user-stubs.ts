/** A UserService for tests of the wire, which need one or two of its methods and must name them all. */

import type { Access } from "../../shared/auth/access.ts";
import type { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import type { Handlers } from "../../shared/rpc/handler.ts";

const unused = (): Promise<never> => Promise.reject(new Error("not used by these tests"));

/** Handlers with some that do something. The others fail. */
export function usersWith(handlers: Partial<Handlers<typeof UserService>> = {}): Handlers<typeof UserService> {
  return {
    createUser: unused,
    getUser: unused,
    listUsers: unused,
    lookupUser: unused,
    resolveSubject: unused,
    updateUser: unused,
    deactivateUser: unused,
    reactivateUser: unused,
    eraseUser: unused,
    ...handlers,
  };
}

/** An access table with some methods that may be called. The others may not, by anybody. */
export function usersOpenFor(access: Partial<Access<typeof UserService>> = {}): Access<typeof UserService> {
  return {
    createUser: {},
    getUser: {},
    listUsers: {},
    lookupUser: {},
    resolveSubject: {},
    updateUser: {},
    deactivateUser: {},
    reactivateUser: {},
    eraseUser: {},
    ...access,
  };
}
