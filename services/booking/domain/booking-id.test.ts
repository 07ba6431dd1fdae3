import { randomUUIDv7 } from "node:crypto";
import { expect, test } from "vitest";
import { bookingIdFrom } from "./booking-id.ts";

test("a booking's id is the new one but for its last byte, which is its host's", () => {
  expect(bookingIdFrom("01900000-0000-7000-8000-0123456789ab", "01800000-0000-7000-8000-fedcba987654")).toBe(
    "01900000-0000-7000-8000-012345678954",
  );
});

test("the ids of one host differ, and sort by when they were made", () => {
  const hostId = randomUUIDv7();
  const ids = Array.from({ length: 1000 }, () => bookingIdFrom(randomUUIDv7(), hostId));
  expect(new Set(ids).size).toBe(ids.length);
  const milliseconds = ids.map((id) => id.slice(0, 13));
  expect(milliseconds.toSorted()).toEqual(milliseconds);
});
