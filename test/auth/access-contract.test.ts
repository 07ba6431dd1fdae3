/** Who may call what is in the contracts too: their options agree with the tables that the services decide by. */

import { expect, test } from "vitest";
import { availabilityAccess, userAccess } from "../../services/availability/rpc/access.ts";
import { bookingAccess, fenceAccess } from "../../services/booking/rpc/access.ts";
import { readContract } from "../../services/gateway/contract/contract.ts";
import { callersOf } from "../../services/gateway/contract/method-rules.ts";
import type { MethodAccess } from "../../shared/auth/access.ts";

const tables: Readonly<Record<string, Readonly<Record<string, MethodAccess>>>> = {
  "availability.v1.UserService": userAccess,
  "availability.v1.AvailabilityService": availabilityAccess,
  "booking.v1.BookingService": bookingAccess,
  "booking.v1.FenceService": fenceAccess,
};

const { types } = await readContract();
const methods = Array.from(types).flatMap((type) => (type.kind === "service" ? type.methods : []));

test.each(methods.map((method) => [method.name, method] as const))("%s names who may call it", (_name, method) => {
  const access = tables[method.parent.typeName]?.[method.localName];
  expect(access).toBeDefined();
  expect(callersOf(method)).toEqual(access);
});
