import { expect, test } from "vitest";
import { BookingService } from "../../gen/booking/v1/booking_service_pb.ts";
import { callTimeoutMs, grpcTimeoutMs, shortenTimeouts } from "./timeouts.ts";

test.each([
  ["250m", 250],
  ["3S", 3_000],
  ["2M", 120_000],
  ["99999999H", 99_999_999 * 3_600_000],
  ["1500u", 1],
  ["999999n", 0],
])("the gRPC timeout %s is %d ms", (header, timeoutMs) => {
  expect(grpcTimeoutMs(header)).toBe(timeoutMs);
});

test.each(["", "5", "-5S", "5s", "123456789m", " 5S", "5S, 6S", "Infinity"])("%j is no gRPC timeout", (header) => {
  expect(grpcTimeoutMs(header)).toBeUndefined();
});

test("a call without a timeout gets the default, a stream none, and nobody more than an hour", () => {
  expect(callTimeoutMs(BookingService.method.createBooking, undefined)).toBe(10_000);
  expect(callTimeoutMs(BookingService.method.watchBookings, undefined)).toBe(Infinity);
  expect(callTimeoutMs(BookingService.method.watchBookings, 1e12)).toBe(3_600_000);
});

test("timeouts in headers are cut to an hour; malformed ones stay as they are", () => {
  const headers = { "connect-timeout-ms": "9999999999", "grpc-timeout": "99999999H" };
  shortenTimeouts(headers);
  expect(headers).toEqual({ "connect-timeout-ms": "3600000", "grpc-timeout": "3600000m" });
  const malformed = { "connect-timeout-ms": "-1", "grpc-timeout": "soon" };
  shortenTimeouts(malformed);
  expect(malformed).toEqual({ "connect-timeout-ms": "-1", "grpc-timeout": "soon" });
});
