import { createFileRegistry, type DescMethod } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { readContract } from "./contract.ts";
import { reasonName, reasonsOf } from "./method-rules.ts";

const { types } = await readContract();
const methods = Array.from(types).flatMap((type) => (type.kind === "service" ? type.methods : []));

function reasonsOfMethod(name: string): string[] {
  const method = methods.find((each) => each.name === name);
  return method === undefined ? [] : reasonsOf(method, types).map(reasonName);
}

test("every reason of a contract is given by a method, and every method gives reasons of its contract", () => {
  const given = (method: DescMethod) =>
    reasonsOf(method, types).map((reason) => `${reason.parent.typeName} ${reason.name}`);
  const inContracts = [...new Set(methods.map((method) => `${method.parent.file.proto.package}.ErrorReason`))]
    .flatMap((typeName) => types.getEnum(typeName)?.values ?? [])
    .filter(({ number }) => number !== 0)
    .map((reason) => `${reason.parent.typeName} ${reason.name}`);
  expect([...new Set(methods.flatMap(given))].toSorted()).toEqual(inContracts.toSorted());
});

test("reasons of writes are not those of reads", () => {
  expect(reasonsOfMethod("CancelBooking")).toContain("OUTCOME_UNKNOWN");
  expect(reasonsOfMethod("GetBooking")).not.toContain("OUTCOME_UNKNOWN");
  expect(reasonsOfMethod("GetBooking")).toContain("BUSY");
});

test("a reason that the contract does not have is refused", () => {
  const method = methods.find(({ name }) => name === "AddAvailability")!;
  expect(() => reasonsOf(method, createFileRegistry())).toThrow("AddAvailability names the reason USER_NOT_FOUND");
});
