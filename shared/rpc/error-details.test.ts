import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Refusal } from "../errors.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { errorDetails } from "./error-details.ts";

test("a refusal's facts become the messages of google.rpc, the reason first", () => {
  const refusal = new Refusal("AVAILABILITY_BOOKED", "there are bookings", {
    fields: [{ field: "start_time", description: "is late" }],
    resource: { type: "User", name: "u" },
    preconditions: [{ type: "BOOKING", subject: "b", description: "is active" }],
    retryAfterMs: 1_250,
    metadata: { booking_count: "1" },
  });
  const details = errorDetails(refusal, "availability.v1");
  expect(details.map(({ desc }) => desc.name)).toEqual([
    "ErrorInfo",
    "RetryInfo",
    "ResourceInfo",
    "BadRequest",
    "PreconditionFailure",
  ]);
  const [info, retry] = details.map(({ bytes }) => bytes);
  expect(fromBinary(ErrorInfoSchema, info ?? new Uint8Array())).toMatchObject({
    reason: "AVAILABILITY_BOOKED",
    domain: "availability.v1",
    metadata: { booking_count: "1" },
  });
  expect(fromBinary(RetryInfoSchema, retry ?? new Uint8Array()).retryDelay).toMatchObject({
    seconds: 1n,
    nanos: 250_000_000,
  });
});

test("a long list of bad fields is shortened, the reason stays", () => {
  const fields = Array.from({ length: 10_000 }, (_, index) => ({ field: `field_${index}`, description: "is wrong" }));
  const details = errorDetails(new Refusal("INVALID_REQUEST", "bad", { fields }), "booking.v1");
  expect(details.map(({ desc }) => desc.name)).toEqual(["ErrorInfo", "BadRequest"]);
  expect(details.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(4096);
  const badRequest = fromBinary(BadRequestSchema, details[1]?.bytes ?? new Uint8Array());
  expect(badRequest.fieldViolations.length).toBeGreaterThan(50);
});

test("metadata that is too long is dropped, the reason stays", () => {
  const refusal = new Refusal("SLOT_TAKEN", "taken", { metadata: { note: "x".repeat(5000) } });
  const [info] = errorDetails(refusal, "booking.v1");
  expect(info?.message).toMatchObject({ reason: "SLOT_TAKEN", domain: "booking.v1", metadata: {} });
});
