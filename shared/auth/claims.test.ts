import { describe, expect, test } from "vitest";
import { claimAt, claimPath, meaningsOf, readClaims } from "./claims.ts";
import { type Role, personRoles } from "./identity.ts";
import { TokenRefused } from "./token-refused.ts";

describe("a claim is found", () => {
  const payload = {
    sub: "ada",
    realm_access: { roles: ["guest"] },
    "https://example.com/roles": "host",
    resource_access: { "app.example.com": { roles: ["client"] } },
    https: { "//example": { "com/roles": "wrong" } },
  };

  test.each([
    ["sub", "ada"],
    ["realm_access.roles", ["guest"]],
    ["https://example.com/roles", "host"],
    ["resource_access.app\\.example\\.com.roles", ["client"]],
    ["resource_access.app.example.com.roles", undefined],
    ["missing", undefined],
    ["realm_access.missing", undefined],
    ["sub.length", undefined],
    ["sub.0", undefined],
    ["realm_access.roles.0", "guest"],
  ])("at %s: %j", (path, claim) => {
    expect(claimAt(payload, claimPath(path))).toEqual(claim);
  });

  test.each(["constructor", "constructor.name", "__proto__", "realm_access.toString", "realm_access.roles.length.x"])(
    "and none is inherited: %s",
    (path) => {
      expect(claimAt(payload, claimPath(path))).toBeUndefined();
    },
  );
});

describe("roles", () => {
  const settings = {
    subject: ["sub"],
    role: ["role"],
    meanings: meaningsOf({ HOST: ["staff", "doctor"], USER: ["staff", "patient"], ADMIN: ["chief"] }),
  };
  const read = (role: unknown, sub = "ada") =>
    readClaims({ sub, role, exp: 7 }, "issuer", settings, personRoles satisfies readonly Role[]);

  test.each([
    ["doctor", ["HOST"]],
    [["patient"], ["USER"]],
    ["staff", ["HOST", "USER"]],
    [
      ["other", "doctor", "patient"],
      ["HOST", "USER"],
    ],
  ])("%j may be %j", (role, roles) => {
    expect(read(role)).toEqual({ issuer: "issuer", subject: "ada", roles, expireTime: 7000, identity: undefined });
  });

  test("an administrator is one whatever else it is", () => {
    const identity = { subject: "ada", role: "ADMIN", expireTime: 7000 };
    expect(read(["staff", "chief"])).toMatchObject({ roles: [], identity });
  });

  test.each([
    ["HOST", "ROLE_UNKNOWN"],
    ["ADMIN", "ROLE_UNKNOWN"],
    [[], "ROLE_UNKNOWN"],
    ["chief ", "ROLE_UNKNOWN"],
    ["constructor", "ROLE_UNKNOWN"],
    ["SERVICE", "ROLE_NOT_OF_ISSUER"],
    [[["chief"]], "ROLE_INVALID"],
    [undefined, "ROLE_MISSING"],
  ])("%j is none: %s", (role, reason) => {
    expect(() => read(role)).toThrow(TokenRefused);
    expect(() => read(role)).toThrow(expect.objectContaining({ reason }) as Error);
  });

  test("what names a user may have any letters, and what names an administrator may not", () => {
    expect(read("staff", "Ada Łovelace").subject).toBe("Ada Łovelace");
    expect(() => read("chief", "Ada Łovelace")).toThrow(
      expect.objectContaining({ reason: "SUBJECT_INVALID" }) as Error,
    );
  });
});

test("no value means two things by mistake: meanings are kept apart by their letters", () => {
  const meanings = meaningsOf({ HOST: ["a"], USER: ["A"], ADMIN: ["á"] });
  expect(Object.fromEntries(meanings)).toEqual({ a: ["HOST"], A: ["USER"], á: ["ADMIN"] });
});
