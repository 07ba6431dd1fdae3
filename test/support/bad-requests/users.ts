/** Wrong calls of UserService. */

import { Role } from "../../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { bad, type BadRequest, NO_UUID, NOBODY } from "./row.ts";

const { createUser, getUser, listUsers } = UserService.method;
const user = { email: "somebody@example.com", displayName: "Somebody", role: Role.HOST };

export const users: readonly BadRequest[] = [
  bad(createUser, "nothing at all", () => ({}), "INVALID_REQUEST", "email", "display_name", "role"),
  bad(createUser, "no address", () => ({ ...user, email: "somebody" }), "INVALID_REQUEST", "email"),
  bad(createUser, "255 characters", () => ({ ...user, email: `${"x".repeat(250)}@x.de` }), "INVALID_REQUEST", "email"),
  bad(
    createUser,
    "a taken address, in capitals",
    ({ email }) => ({ ...user, email: email.toUpperCase() }),
    "EMAIL_TAKEN",
    "email",
  ),
  bad(createUser, "NUL in a name", () => ({ ...user, displayName: "Some\0body" }), "INVALID_REQUEST", "display_name"),
  bad(
    createUser,
    "a line break in a name",
    () => ({ ...user, displayName: "a\nb" }),
    "INVALID_REQUEST",
    "display_name",
  ),
  bad(
    createUser,
    "a name of 201",
    () => ({ ...user, displayName: "x".repeat(201) }),
    "INVALID_REQUEST",
    "display_name",
  ),
  bad(createUser, "an unspecified role", () => ({ ...user, role: Role.UNSPECIFIED }), "INVALID_REQUEST", "role"),
  bad(createUser, "a role of a later contract", () => ({ ...user, role: 7 as Role }), "INVALID_REQUEST", "role"),
  bad(getUser, "no id", () => ({}), "INVALID_REQUEST", "user_id"),
  bad(getUser, "a malformed id", () => ({ userId: NO_UUID }), "INVALID_REQUEST", "user_id"),
  bad(getUser, "nobody's id", () => ({ userId: NOBODY }), "USER_NOT_FOUND"),
  bad(listUsers, "page size -1", () => ({ pageSize: -1 }), "INVALID_REQUEST", "page_size"),
  bad(listUsers, "page size 1,000,000", () => ({ pageSize: 1_000_000 }), "INVALID_REQUEST", "page_size"),
  bad(listUsers, "a token that is none", () => ({ pageToken: "next please" }), "INVALID_REQUEST", "page_token"),
];
