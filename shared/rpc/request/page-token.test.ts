import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../../errors.ts";
import { decodePageToken, encodePageToken, pageOf } from "./page-token.ts";

const ID = "0190f3a1-7c3e-7d5a-9f00-0123456789ab";
const QUERY = ["ListBookings", "host", ID, null] as const;
const SHAPE = ["instant", "uuid"] as const;
const TOKEN = encodePageToken(QUERY, [1_800_000_000_000, ID]);

function refusal(token: string, query: readonly unknown[] = QUERY): unknown {
  try {
    return decodePageToken(token, query, SHAPE);
  } catch (thrown) {
    return thrown instanceof Refusal ? thrown.details.fields?.map(({ field }) => field) : thrown;
  }
}

test("a token gives its cursor back", () => {
  expect(decodePageToken(TOKEN, QUERY, SHAPE)).toEqual([1_800_000_000_000, ID]);
});

test.each([
  ["none", [], [], ""],
  ["fewer than the page holds", ["a"], ["a"], ""],
  ["as many as the page holds", ["a", "b"], ["a", "b"], ""],
  ["one more", ["a", "b", "c"], ["a", "b"], "behind b"],
])("of rows that are %s", (_what, rows, page, nextPageToken) => {
  expect(pageOf(rows, 2, (last) => `behind ${last}`)).toEqual({ page, nextPageToken });
});

test("a token is good for its own query only", () => {
  expect(refusal(TOKEN, ["ListBookings", "guest", ID, null])).toEqual(["page_token"]);
});

test.each([
  ["of another shape", encodePageToken(QUERY, [ID, 1_800_000_000_000])],
  ["with too many parts", encodePageToken(QUERY, [1_800_000_000_000, ID, 1])],
  ["with an instant that PostgreSQL has not", encodePageToken(QUERY, [-9e15, ID])],
  ["with text for an id", encodePageToken(QUERY, [0, "'; drop table bookings"])],
  ["that is longer than any of ours", "A".repeat(1025)],
  ["that is empty", ""],
  ["with padding", `${TOKEN}=`],
  ["in the other alphabet", `${TOKEN}+/`],
  ["with a space", `${TOKEN.slice(0, 5)} ${TOKEN.slice(5)}`],
])("a token %s is refused", (_what, token) => {
  expect(refusal(token)).toEqual(["page_token"]);
});

test("whatever else is sent is refused, every damaged token included", () => {
  const place = fc.nat({ max: TOKEN.length - 1 });
  const damaged = fc
    .tuple(place, fc.constantFrom("A", "B", "x", "y", "0", "9", "-", "_"))
    .map(([index, letter]) => TOKEN.slice(0, index) + letter + TOKEN.slice(index + 1))
    .filter((token) => token !== TOKEN);
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string()), (token) => {
      expect(refusal(token)).toEqual(["page_token"]);
    }),
  );
});
