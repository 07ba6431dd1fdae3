/** Tokens that are well signed and say what they must not. */

import { randomUUID } from "node:crypto";
import type { TokenRefusal } from "../../shared/auth/token-refused.ts";
import { AUDIENCE, type Forgery, ISSUER, type Keys, token } from "./forged-tokens.ts";

const HOUR = 3600;
const now = (): number => Math.floor(Date.now() / 1000);

/** Claims of another type than they have, and why each is refused. */
const mistyped: Readonly<Record<string, readonly [TokenRefusal, readonly unknown[]]>> = {
  sub: ["SUBJECT_NOT_TEXT", [["system"], ["somebody"], 7, true, null, { name: "somebody" }]],
  role: ["ROLE_INVALID", [1, null, { name: "ADMIN" }, [["ADMIN"]]]],
  iss: ["ISSUER_MISSING", [[ISSUER], null, 7]],
  aud: [
    "AUDIENCE_INVALID",
    [
      [AUDIENCE, 7],
      [AUDIENCE, ["booking"]],
    ],
  ],
  exp: ["EXPIRY_INVALID", [["9999999999"], null, true, 1e300, "9999999999", {}]],
  iat: ["ISSUE_TIME_INVALID", [["1"], null, true, -1, 1e300, "1", {}]],
  nbf: ["NOT_BEFORE_INVALID", [["1"], null, true, "1", {}]],
};

export const forgedClaims: readonly Forgery[] = [
  // Time.
  {
    what: "an expired token",
    refused: "EXPIRED",
    make: (k) => token(k.issuer, { iat: now() - HOUR, exp: now() - 60 }),
  },
  { what: "one that is not valid yet", refused: "NOT_YET_VALID", make: (k) => token(k.issuer, { nbf: now() + 60 }) },
  {
    what: "one that was issued in the future",
    refused: "ISSUED_IN_FUTURE",
    make: (k) => token(k.issuer, { iat: now() + 60 }),
  },
  { what: "one without an expiry", refused: "EXPIRY_MISSING", make: (k) => token(k.issuer, { exp: undefined }) },
  { what: "one whose expiry is text", refused: "EXPIRY_INVALID", make: (k) => token(k.issuer, { exp: "never" }) },
  {
    what: "one without a time of issue",
    refused: "ISSUE_TIME_MISSING",
    make: (k) => token(k.issuer, { iat: undefined }),
  },
  ...Object.entries(mistyped).flatMap(([claim, [refused, values]]) =>
    values.map((value): Forgery => ({
      what: `one whose ${claim} is ${JSON.stringify(value)}`,
      refused,
      make: ({ issuer }: Keys) => token(issuer, { [claim]: value }),
    })),
  ),
  { what: "one whose nbf is far ahead", refused: "NOT_YET_VALID", make: (k) => token(k.issuer, { nbf: 1e300 }) },
  ...[null, 7, { [AUDIENCE]: true }, [[AUDIENCE]]].map((aud): Forgery => ({
    what: `one whose aud is ${JSON.stringify(aud)}`,
    refused: "AUDIENCE_OTHER",
    make: ({ issuer }) => token(issuer, { aud }),
  })),
  ...["HOST", "USER"].flatMap((role) =>
    [[randomUUID()], ["system"], null, 7, {}].map((sub): Forgery => ({
      what: `one of the role ${role} whose sub is ${Array.isArray(sub) ? "a list" : JSON.stringify(sub)}`,
      refused: "SUBJECT_NOT_TEXT",
      make: ({ issuer }: Keys) => token(issuer, { role, sub }),
    })),
  ),
  ...["System", "SYSTEM", "sYsTeM"].map((sub): Forgery => ({
    what: `one of an administrator who is called ${sub}`,
    refused: "SUBJECT_INVALID",
    make: ({ issuer }: Keys) => token(issuer, { sub }),
  })),
  // For whom, and from whom.
  { what: "one for the other service", refused: "AUDIENCE_OTHER", make: (k) => token(k.issuer, { aud: "booking" }) },
  { what: "one for nobody", refused: "AUDIENCE_OTHER", make: (k) => token(k.issuer, { aud: [] }) },
  { what: "one without an audience", refused: "AUDIENCE_MISSING", make: (k) => token(k.issuer, { aud: undefined }) },
  {
    what: "one of another issuer",
    refused: "ISSUER_UNKNOWN",
    make: (k) => token(k.issuer, { iss: "https://elsewhere.example" }),
  },
  { what: "one without an issuer", refused: "ISSUER_MISSING", make: (k) => token(k.issuer, { iss: undefined }) },
  {
    what: "one in the peer's name",
    refused: "KEY_UNKNOWN",
    make: (k) => token(k.issuer, { iss: "booking", sub: "booking", role: "SERVICE" }),
  },
  // Roles and subjects.
  { what: "one with an unknown role", refused: "ROLE_UNKNOWN", make: (k) => token(k.issuer, { role: "ROOT" }) },
  {
    what: "one with a role in small letters",
    refused: "ROLE_UNKNOWN",
    make: (k) => token(k.issuer, { role: "admin" }),
  },
  {
    what: "one with several roles that are none",
    refused: "ROLE_UNKNOWN",
    make: (k) => token(k.issuer, { role: ["ROOT", "admin"] }),
  },
  {
    what: "one with a role in a list of other things",
    refused: "ROLE_INVALID",
    make: (k) => token(k.issuer, { role: ["ADMIN", 7] }),
  },
  { what: "one without a role", refused: "ROLE_MISSING", make: (k) => token(k.issuer, { role: undefined }) },
  { what: "one with the role NOBODY", refused: "ROLE_UNKNOWN", make: (k) => token(k.issuer, { role: "NOBODY" }) },
  {
    what: "one with a role of the prototype",
    refused: "ROLE_UNKNOWN",
    make: (k) => token(k.issuer, { role: "__proto__" }),
  },
  {
    what: "one that makes its bearer a service",
    refused: "ROLE_NOT_OF_ISSUER",
    make: (k) => token(k.issuer, { role: "SERVICE", sub: "booking" }),
  },
  { what: "one without a subject", refused: "SUBJECT_MISSING", make: (k) => token(k.issuer, { sub: undefined }) },
  { what: "one with an empty subject", refused: "SUBJECT_INVALID", make: (k) => token(k.issuer, { sub: "" }) },
  { what: "one of the system", refused: "SUBJECT_INVALID", make: (k) => token(k.issuer, { sub: "system" }) },
  {
    what: "one of a subject with a line break",
    refused: "SUBJECT_INVALID",
    make: (k) => token(k.issuer, { sub: "a\nb" }),
  },
  {
    what: "one of a host whose subject nobody has",
    refused: "SUBJECT_UNKNOWN",
    make: (k) => token(k.issuer, { role: "HOST", sub: "somebody" }),
  },
  {
    what: "one of a host whose id nobody has",
    refused: "SUBJECT_UNKNOWN",
    make: (k) => token(k.issuer, { role: "HOST", sub: randomUUID() }),
  },
  {
    what: "one of a guest whose subject is too long",
    refused: "SUBJECT_INVALID",
    make: (k) => token(k.issuer, { role: "USER", sub: "x".repeat(256) }),
  },
  {
    what: "one of a guest whose subject PostgreSQL cannot store",
    refused: "SUBJECT_INVALID",
    make: (k) => token(k.issuer, { role: "USER", sub: "a\0b" }),
  },
  {
    what: "one of a guest whose subject is half a character",
    refused: "SUBJECT_INVALID",
    make: (k) => token(k.issuer, { role: "USER", sub: "a\uD800" }),
  },
  {
    what: "one of a guest whose subject is SQL",
    refused: "SUBJECT_UNKNOWN",
    make: (k) => token(k.issuer, { role: "USER", sub: `${randomUUID()}' --` }),
  },
];
