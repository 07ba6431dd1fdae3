/**
 * What the contract's options say about each field of each request, the services do, and the gateway's list of broken rules
 * says too: tried with values just inside and just outside of every rule.
 */

import { type DescField, type DescMessage, type DescMethod, fromJson, getOption, ScalarType } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules } from "../../services/gateway/contract/broken-rules.ts";
import { readContract } from "../../services/gateway/contract/contract.ts";
import { rulesOf } from "../../services/gateway/contract/rules.ts";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { field_behavior, FieldBehavior } from "../../shared/gen/google/api/field_behavior_pb.ts";
import { field_info, FieldInfo_Format } from "../../shared/gen/google/api/field_info_pb.ts";
import { BadRequestSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { bearer, reasonOf } from "../../shared/rpc/client.ts";
import { isMask, isTime, numbersOf, type Probe, probesOf } from "../support/field-probes.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { admin, type Person, service, tokenSource } from "../support/tokens.ts";

const methods: readonly DescMethod[] = [UserService, AvailabilityService, BookingService, FenceService].flatMap(
  (each) => each.methods,
);
const messages = [...new Set(methods.flatMap(({ input }) => [input, ...messagesIn(input)]))];
const fields = messages.flatMap((message) => message.fields);

function messagesIn(message: DescMessage): DescMessage[] {
  const inner = message.fields.flatMap((field) =>
    isTime(field) || isMask(field) || field.message === undefined ? [] : field.message,
  );
  return inner.flatMap((each) => [each, ...messagesIn(each)]);
}

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.stop());

test.each(methods)("$name: contract, service and gateway know the same rules", async (method) => {
  const probes = probesOf(method.input);
  const wrong: string[] = [];
  for (const probe of probes) {
    const named = {
      service: await namedByService(method, probe),
      gateway: brokenRules(method.input, probe.request).map(({ field }) => field),
    };
    for (const [who, names] of Object.entries(named)) {
      if (names.includes(probe.field) === probe.isGood) {
        wrong.push(
          `${probe.what} is ${probe.isGood ? "good" : "bad"} by the contract; the ${who} names ${names.join(", ")}`,
        );
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("every field of a request has the rules that its type needs", () => {
  const without = fields.filter((field) => !isRuled(field)).map((field) => `${field.parent.name}.${field.name}`);
  expect(without).toEqual([]);
});

test("clients may fill in request ids by themselves (AIP-4235)", () => {
  const ids = fields.filter(({ name }) => name === "request_id");
  expect(ids.length).toBeGreaterThan(0);
  for (const id of ids) expect(getOption(id, field_info).format).toBe(FieldInfo_Format.UUID4);
});

/** Comments are for people, who should not read another number there. */
test("comments repeat the numbers of the options", async () => {
  const { types, comments } = await readContract();
  const silent = fields.filter((field) => {
    const described = types.getMessage(field.parent.typeName)?.fields.find(({ name }) => name === field.name);
    const comment =
      described === undefined ? "" : comments(described).replaceAll(",", "").replace("less than 2^53", "");
    const said = new Set(comment.match(/\d+/g)?.map(Number));
    return numbersOf(rulesOf(field)).some((number) => !said.has(number) && number !== Number.MAX_SAFE_INTEGER);
  });
  expect(silent.map((field) => `${field.parent.name}.${field.name}`)).toEqual([]);
});

function isRuled(field: DescField): boolean {
  const behaviour = getOption(field, field_behavior);
  const says = [FieldBehavior.REQUIRED, FieldBehavior.OPTIONAL].filter((each) => behaviour.includes(each));
  const { isUuid, isDate, isTimeZone, timeOfDay, maxLength, maxItems, keys, masked, range } = rulesOf(field);
  const isRuledText = isUuid || isDate || isTimeZone || timeOfDay !== undefined || maxLength !== undefined;
  if (says.length !== 1) return false;
  if (field.fieldKind === "list") return maxItems !== undefined;
  if (field.fieldKind === "map") return maxItems !== undefined && maxLength !== undefined && keys !== undefined;
  if (isMask(field)) return masked.size > 0;
  if (field.fieldKind !== "scalar") return true;
  // Both values of a truth value are good.
  if (field.scalar === ScalarType.BOOL) return true;
  return field.scalar === ScalarType.STRING ? isRuledText : range !== undefined;
}

/** The fields that the service's refusal names; none where it has no INVALID_REQUEST. */
async function namedByService(method: DescMethod, { request }: Probe): Promise<string[]> {
  const served = method.parent.file.proto.package === "booking.v1" ? pair.booking : pair.availability;
  const transport = createConnectTransport({
    baseUrl: served.connectUrl,
    httpVersion: "1.1",
    interceptors: [bearer(tokenSource(callerOf(method)))],
  });
  const message = fromJson(method.input, request);
  try {
    if (method.methodKind === "server_streaming") {
      const left = new AbortController();
      const stream = await transport.stream(method as never, left.signal, undefined, undefined, single(message));
      for await (const _first of stream.message) break;
      left.abort();
    } else {
      await transport.unary(method as never, undefined, undefined, undefined, message);
    }
    return [];
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    // Any other ending would look as if all fields were good.
    if (reasonOf(error) === undefined) throw error;
    const named = error.findDetails(BadRequestSchema);
    return named.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
  }
}

function callerOf({ name, parent }: DescMethod): Person {
  if (parent === FenceService) return service("availability");
  return ["SnapshotAvailability", "ResolveSubject"].includes(name) ? service("booking") : admin;
}

async function* single<T>(message: T): AsyncGenerator<T> {
  yield message;
}
