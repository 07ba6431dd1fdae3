import { describe, expect, test } from "vitest";
import { concernsBooking, isSameIdentity, isUnchanged, updated } from "./user.ts";

const ada = { email: "ada@example.org", displayName: "Ada", externalId: "auth0|ada" };

describe("an update", () => {
  test("changes what it gives, where it has no mask", () => {
    const given = { email: undefined, displayName: "Ada L.", externalId: undefined };
    expect(updated(ada, { given, mask: undefined })).toEqual({ ...ada, displayName: "Ada L." });
  });

  test("changes what its mask names, and nothing else that it gives", () => {
    const given = { email: "other@example.org", displayName: "Other" };
    expect(updated(ada, { given, mask: ["displayName"] })).toEqual({ ...ada, displayName: "Other" });
  });

  test("takes the external id away that its mask names and that it does not give", () => {
    expect(updated(ada, { given: {}, mask: ["externalId"] })).toEqual({ ...ada, externalId: undefined });
  });
});

test("a user is found by its address, as it is written, and its external id", () => {
  expect(isSameIdentity(ada, { ...ada, displayName: "A" })).toBe(true);
  expect(isSameIdentity(ada, { ...ada, email: "Ada@example.org" })).toBe(false);
  expect(isSameIdentity(ada, { ...ada, externalId: undefined })).toBe(false);
});

describe("a change", () => {
  const before = { state: "ACTIVE", profile: ada } as const;

  test.each([
    ["of nothing", before, { isUnchanged: true, concernsBooking: false }],
    [
      "of the name",
      { ...before, profile: { ...ada, displayName: "A" } },
      { isUnchanged: false, concernsBooking: false },
    ],
    [
      "of the address",
      { ...before, profile: { ...ada, email: "a@b.cd" } },
      { isUnchanged: false, concernsBooking: false },
    ],
    [
      "of the external id",
      { ...before, profile: { ...ada, externalId: "b" } },
      { isUnchanged: false, concernsBooking: true },
    ],
    ["of the state", { ...before, state: "DEACTIVATED" as const }, { isUnchanged: false, concernsBooking: true }],
  ])("%s", (_what, after, expected) => {
    const found = { isUnchanged: isUnchanged(before, after), concernsBooking: concernsBooking(before, after) };
    expect(found).toEqual(expected);
  });
});
