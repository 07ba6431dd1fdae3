/** The reasons are written down twice, in the contracts for callers and in `statusOf` for us: they must not drift. */

import type { DescEnum } from "@bufbuild/protobuf";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { statusOf } from "./errors.ts";
import { ErrorReasonSchema as AvailabilityReasons } from "./gen/availability/v1/errors_pb.ts";
import { ErrorReasonSchema as BookingReasons } from "./gen/booking/v1/errors_pb.ts";

const contracts = ["proto/availability/v1/errors.proto", "proto/booking/v1/errors.proto"];
/** A comment of one or more lines, its first word, and the value that it belongs to. */
const COMMENTED_VALUE = /\/\/ ([A-Z_]+)\.[^\n]*\n(?: +\/\/[^\n]*\n)* +ERROR_REASON_([A-Z_]+) = [1-9]/g;

let promised: { readonly reason: string; readonly code: string }[];

beforeAll(async () => {
  const texts = await Promise.all(contracts.map((path) => readFile(join(import.meta.dirname, "..", path), "utf8")));
  promised = texts.flatMap((text) =>
    [...text.matchAll(COMMENTED_VALUE)].map(([, code = "", reason = ""]) => ({ reason, code })),
  );
});

test("every reason of a contract has a status code here, and every one here is in a contract", () => {
  const reasons = [...reasonsOf(AvailabilityReasons), ...reasonsOf(BookingReasons)];
  expect([...new Set(reasons)].toSorted()).toEqual(Object.keys(statusOf).toSorted());
});

test("the contracts' comments promise the status codes that are sent", () => {
  const reasons = [...reasonsOf(AvailabilityReasons), ...reasonsOf(BookingReasons)];
  expect(promised.map(({ reason }) => reason)).toEqual(reasons);
  expect(promised).toEqual(promised.map(({ reason }) => ({ reason, code: statusOf[reason as keyof typeof statusOf] })));
});

/** Without the prefix, and without the zero value, which is never sent. */
function reasonsOf(desc: DescEnum): string[] {
  return desc.values.filter(({ number }) => number !== 0).map(({ name }) => name.replace("ERROR_REASON_", ""));
}
