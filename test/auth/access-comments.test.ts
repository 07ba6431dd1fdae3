/** Who may call what is in the contracts' comments too: they name the roles that the services' tables admit. */

import { expect, test } from "vitest";
import { availabilityAccess, userAccess } from "../../services/availability/rpc/access.ts";
import { bookingAccess, fenceAccess } from "../../services/booking/rpc/access.ts";
import { readContract } from "../../services/gateway/contract/contract.ts";
import type { MethodAccess } from "../../shared/auth/access.ts";

const tables: Readonly<Record<string, Readonly<Record<string, MethodAccess>>>> = {
  "availability.v1.UserService": userAccess,
  "availability.v1.AvailabilityService": availabilityAccess,
  "booking.v1.BookingService": bookingAccess,
  "booking.v1.FenceService": fenceAccess,
};
const ROLES = ["HOST", "USER", "ADMIN", "SERVICE"];

const { types, comments } = await readContract();
const methods = Array.from(types).flatMap((type) => (type.kind === "service" ? type.methods : []));

test.each(methods.map((method) => [method.name, method] as const))("%s names who may call it", (_name, method) => {
  const [, takes = ""] = /\bTakes (.*?)\.(?:\s|$)/s.exec(comments(method)) ?? [];
  const access = tables[method.parent.typeName]?.[method.localName] ?? {};
  const named = takes.startsWith("every role's") ? ROLES : ROLES.filter((role) => takes.includes(role));
  expect(named.toSorted()).toEqual(Object.keys(access).toSorted());
  // Whoever may call for itself only: "the HOST that `host_id` names", "the booking's guest (USER)".
  const own = Object.entries(access).filter(([, scope]) => scope !== "everybody");
  for (const [role] of own) expect(takes).toMatch(new RegExp(`${role}.* that .\\w+. names|\\(${role}\\)`));
});
