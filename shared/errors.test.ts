/** The reasons are written down twice, in the contracts for callers and in `statusOf` for us: they must not drift. */

import { type DescEnumValue, getOption } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { statusOf } from "./errors.ts";
import { ErrorReasonSchema as AvailabilityReasons } from "./gen/availability/v1/errors_pb.ts";
import { ErrorReasonSchema as BookingReasons } from "./gen/booking/v1/errors_pb.ts";
import { Code } from "./gen/google/rpc/code_pb.ts";
import { code } from "./gen/rules/v1/reason_pb.ts";

/** Without the zero value, which is never sent. */
const reasons = [...AvailabilityReasons.values, ...BookingReasons.values].filter(({ number }) => number !== 0);

test("every reason of a contract has a status code here, and every one here is in a contract", () => {
  expect([...new Set(reasons.map(nameOf))].toSorted()).toEqual(Object.keys(statusOf).toSorted());
});

test("the contracts promise the status codes that are sent", () => {
  const codes: Readonly<Record<string, number>> = Code;
  const sent = new Map(Object.entries(statusOf));
  for (const reason of reasons)
    expect(getOption(reason, code), reason.name).toBe(codes[sent.get(nameOf(reason)) ?? ""]);
});

/** Without the prefix. */
function nameOf({ name }: DescEnumValue): string {
  return name.replace("ERROR_REASON_", "");
}
