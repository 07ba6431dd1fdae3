import type { MessageInitShape } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Role, UserState } from "../../../shared/gen/availability/v1/user_pb.ts";
import { type ResolveSubjectResponseSchema, UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import { availabilityPeer } from "./availability.ts";

/** What a subject is here, if Availability says this of its role. */
async function resolve(role: Role): Promise<unknown> {
  const answer: MessageInitShape<typeof ResolveSubjectResponseSchema> = {
    userId: "ada's",
    role,
    state: UserState.ACTIVE,
  };
  const transport = createRouterTransport(({ service }) => service(UserService, { resolveSubject: () => answer }));
  return availabilityPeer(transport)
    .resolveSubject("ada", 1000)
    .catch(({ reason }: { reason: string }) => reason);
}

test("a user has the role that Availability says, and none where this service does not know it", async () => {
  expect(await resolve(Role.HOST)).toMatchObject({ role: "HOST" });
  expect(await resolve(Role.USER)).toMatchObject({ role: "USER" });
  for (const role of [Role.UNSPECIFIED, 7 as Role]) expect(await resolve(role)).toBe("PEER_UNAVAILABLE");
});
