/** Every repeated field of a request has a limit: in the contract, in the OpenAPI document, and before its items are looked at. */

import { create, type DescField, type DescMessage, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rulesOf } from "../../services/gateway/contract/rules.ts";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingState } from "../../shared/gen/booking/v1/booking_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { BadRequestSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { ServerReflection } from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../shared/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../shared/gen/health/v1/health_pb.ts";
import { STATES_MAX, VIOLATIONS_MAX } from "../../shared/limits.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { admin, service, tokenSource } from "../support/tokens.ts";

/** What is repeated at any depth of a request; `of` is the message that has it. */
interface Repeated {
  readonly method: DescMethod;
  readonly field: DescField;
  readonly isTopLevel: boolean;
}

function repeatedIn({ methods }: DescService): Repeated[] {
  return methods.flatMap((method) => repeatedFields(method.input).map((found) => ({ method, ...found })));
}

function repeatedFields(message: DescMessage, above: readonly DescMessage[] = []): Omit<Repeated, "method">[] {
  if (above.includes(message)) return [];
  return message.fields.flatMap((field) => {
    const isRepeated = field.fieldKind === "list" || field.fieldKind === "map";
    const own = isRepeated ? [{ field, isTopLevel: above.length === 0 }] : [];
    return [...own, ...(field.message === undefined ? [] : repeatedFields(field.message, [...above, message]))];
  });
}

function isPaths({ parent }: DescField): boolean {
  return parent.typeName === FieldMaskSchema.typeName;
}

const repeated = [UserService, AvailabilityService, BookingService, FenceService].flatMap(repeatedIn);

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.stop());

/** The fields that a call's refusal names, with what is wrong with them; nothing if it is not refused. */
async function violations(method: DescMethod, request: Record<string, unknown>): Promise<string[]> {
  const isFence = method.parent === FenceService;
  const served = method.parent.file.proto.package === "booking.v1" ? pair.booking : pair.availability;
  const token = tokenSource(isFence ? service("availability") : admin);
  const transport = createConnectTransport({
    baseUrl: served.connectUrl,
    httpVersion: "1.1",
    interceptors: [bearer(token)],
  });
  try {
    if (method.methodKind !== "unary") throw new Error("a stream has no repeated fields yet");
    await transport.unary(method as never, undefined, undefined, undefined, create(method.input, request));
    return [];
  } catch (thrown) {
    const named = ConnectError.from(thrown).findDetails(BadRequestSchema);
    return named.flatMap(({ fieldViolations }) => fieldViolations.map((each) => `${each.field} ${each.description}`));
  }
}

/** So many items that are all wrong, as far as anything of them can be. */
function items(field: DescField, count: number): object {
  if (field.fieldKind === "map") {
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "\0"]));
  }
  return Array.from({ length: count }, () => (field.message === undefined ? 99 : {}));
}

test("there are some", () => {
  expect(repeated.map(({ method, field }) => `${method.name} ${field.name}`)).toEqual([
    "UpdateUser paths",
    "SetWeeklyHours ranges",
    "UpdateRules paths",
    "CreateBooking labels",
    "ListBookings states",
    "FenceHost ranges",
  ]);
});

test("the standard services have none", () => {
  expect([Health, ServerReflection, ServerReflectionAlpha].flatMap(repeatedIn)).toEqual([]);
});

test.each(repeated.filter(({ field }) => !isPaths(field)))("$method.name: $field.name", async (found) => {
  const { method, field, isTopLevel } = found;
  const max = rulesOf(field).maxItems ?? Infinity;
  expect(max, "the limit in the contract").toBeLessThan(10_000);
  expect(isTopLevel, "a field deeper down needs a case of its own here").toBe(true);
  const tooMany = `${field.name} has more than ${max} items`;
  const over = await violations(method, { hostId: "it", [field.localName]: items(field, max + 1) });
  // None of its items, and all that is wrong beside it.
  expect(over.filter((each) => each.startsWith(field.name))).toEqual([tooMany]);
  expect(over).toContain("host_id must be a UUID");
  const allowed = await violations(method, { hostId: "it", [field.localName]: items(field, max) });
  expect(allowed).not.toContain(tooMany);
  // A map's entries have no places.
  const first = field.fieldKind === "map" ? `${field.name} has a ` : `${field.name}[0]`;
  expect(allowed.some((each) => each.startsWith(first))).toBe(true);
});

/** They have no number of their own: a mask names a few fields, and one that names another is read no further. */
test("UpdateRules: as many paths as a request holds", async () => {
  const { method, field } = repeated.find((each) => isPaths(each.field) && each.method.name === "UpdateRules")!;
  const hostId = await createHost(pair.clients);
  const mask = method.input.field["updateMask"]!;
  const allowed = [...rulesOf(mask).masked.keys()];
  expect(allowed.length).toBeGreaterThan(5);
  const often = Array.from({ length: 8_000 }, () => "seats");
  expect(await violations(method, { hostId, seats: 2, updateMask: { [field.localName]: often } })).toEqual([]);
  const { rules } = await pair.clients.availability.getRules({ hostId });
  expect(rules?.seats).toBe(2);
  const named = await violations(method, { hostId: "it", updateMask: { paths: ["host_id", ...often] } });
  const names = allowed.filter((path) => path !== "slot_duration").join(", ");
  expect(named).toEqual(["host_id must be a UUID", `update_mask must name only ${names}`]);
});

test("states are a set", async () => {
  const hostId = await createHost(pair.clients);
  const { nextPageToken } = await pair.clients.bookings.listBookings({
    hostId,
    states: Array.from({ length: STATES_MAX }, () => BookingState.HELD),
  });
  expect(nextPageToken).toBe("");
});

test("a refusal names no more fields than an answer can carry", async () => {
  const ranges = items(FenceService.method.fenceHost.input.fields[1]!, 500);
  const named = await violations(FenceService.method.fenceHost, { hostId: "it", ranges });
  expect(named.length).toBeGreaterThan(10);
  expect(named.length).toBeLessThanOrEqual(VIOLATIONS_MAX);
});
