/** Tokens as those make them who have none: each with one thing wrong. */

import { createHmac, createSign, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { type JWK, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://identity.example";
export const AUDIENCE = "availability";

/** The keys of the issuer, and what the service knows of them. */
export interface IssuerKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly kid: string;
}

export interface Keys {
  readonly issuer: IssuerKeys;
  /** Of RS256: the classic forgery takes its public half for the secret of an HMAC. */
  readonly rsa: IssuerKeys;
  /** Nobody's whose word counts. */
  readonly stranger: IssuerKeys;
}

export function makeKeys(): Keys {
  return {
    issuer: { ...generateKeyPairSync("ed25519"), kid: "issuer" },
    rsa: { ...generateKeyPairSync("rsa", { modulusLength: 2048 }), kid: "rsa" },
    stranger: { ...generateKeyPairSync("ed25519"), kid: "stranger" },
  };
}

export function jwkOf({ publicKey, kid }: IssuerKeys): JWK {
  return { ...(publicKey.export({ format: "jwk" }) as JWK), kid, use: "sig" };
}

/** A good token, but for what `claims` and `header` change; a claim that is undefined is left out. */
export async function token(
  { privateKey, kid }: IssuerKeys,
  claims: Readonly<Record<string, unknown>> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT({ ...goodClaims(), ...claims })
    .setProtectedHeader({ alg: privateKey.asymmetricKeyType === "rsa" ? "RS256" : "EdDSA", kid, ...header })
    .sign(privateKey);
}

function goodClaims(): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: "somebody", role: "ADMIN", iat: now, exp: now + 600 };
}

/** Any header and claims, signed by any means. */
function assembled(header: unknown, claims: unknown, signature: (input: string) => Buffer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signature(input).toString("base64url")}`;
}

export interface Forgery {
  readonly what: string;
  readonly make: (keys: Keys) => string | Promise<string>;
}

const HOUR = 3600;
const now = (): number => Math.floor(Date.now() / 1000);

export const forgeries: readonly Forgery[] = [
  // Time.
  { what: "an expired token", make: (k) => token(k.issuer, { iat: now() - HOUR, exp: now() - 60 }) },
  { what: "one that is not valid yet", make: (k) => token(k.issuer, { nbf: now() + 60 }) },
  { what: "one that was issued in the future", make: (k) => token(k.issuer, { iat: now() + 60 }) },
  { what: "one without an expiry", make: (k) => token(k.issuer, { exp: undefined }) },
  { what: "one whose expiry is text", make: (k) => token(k.issuer, { exp: "never" }) },
  { what: "one without a time of issue", make: (k) => token(k.issuer, { iat: undefined }) },
  // Claims of another type than they have.
  ...Object.entries({
    sub: [["system"], ["somebody"], 7, true, null, { name: "somebody" }],
    role: [["ADMIN"], 1, null, { name: "ADMIN" }],
    iss: [[ISSUER], null, 7],
    aud: [null, 7, { [AUDIENCE]: true }, [[AUDIENCE]], [AUDIENCE, 7], [AUDIENCE, ["booking"]]],
    exp: [["9999999999"], null, true, 1e300, "9999999999", {}],
    iat: [["1"], null, true, -1, 1e300, "1", {}],
    nbf: [["1"], null, true, "1", 1e300, {}],
  }).flatMap(([claim, values]) =>
    values.map((value) => ({
      what: `one whose ${claim} is ${JSON.stringify(value)}`,
      make: ({ issuer }: Keys) => token(issuer, { [claim]: value }),
    })),
  ),
  ...["HOST", "USER"].flatMap((role) =>
    [[randomUUID()], ["system"], null, 7, {}].map((sub) => ({
      what: `one of the role ${role} whose sub is ${Array.isArray(sub) ? "a list" : JSON.stringify(sub)}`,
      make: ({ issuer }: Keys) => token(issuer, { role, sub }),
    })),
  ),
  ...["System", "SYSTEM", "sYsTeM"].map((sub) => ({
    what: `one of an administrator who is called ${sub}`,
    make: ({ issuer }: Keys) => token(issuer, { sub }),
  })),
  // A header or claims of another type than they have, well signed.
  ...[{ kid: 7 }, { kid: ["issuer"] }, { kid: {} }, { alg: ["EdDSA"] }, { alg: null }, { crit: "exp" }].map(
    (header) => ({
      what: `one whose header has ${JSON.stringify(header)}`,
      make: ({ issuer }: Keys) => signedBy(issuer, { alg: "EdDSA", kid: "issuer", ...header }, goodClaims()),
    }),
  ),
  ...[[], [{}], null, "claims", 7].map((claims) => ({
    what: `one whose claims are ${JSON.stringify(claims)}`,
    make: ({ issuer }: Keys) => signedBy(issuer, { alg: "EdDSA", kid: "issuer" }, claims),
  })),
  // For whom, and from whom.
  { what: "one for the other service", make: (k) => token(k.issuer, { aud: "booking" }) },
  { what: "one for nobody", make: (k) => token(k.issuer, { aud: [] }) },
  { what: "one without an audience", make: (k) => token(k.issuer, { aud: undefined }) },
  { what: "one of another issuer", make: (k) => token(k.issuer, { iss: "https://elsewhere.example" }) },
  { what: "one without an issuer", make: (k) => token(k.issuer, { iss: undefined }) },
  { what: "one in the peer's name", make: (k) => token(k.issuer, { iss: "booking", sub: "booking", role: "SERVICE" }) },
  // Signature.
  { what: "one with the algorithm none", make: () => assembled({ alg: "none" }, goodClaims(), () => Buffer.alloc(0)) },
  {
    what: "one with the algorithm nOnE and the issuer's key id",
    make: () => assembled({ alg: "nOnE", kid: "issuer" }, goodClaims(), () => Buffer.alloc(0)),
  },
  {
    what: "one signed by HMAC with the public RSA key as its secret",
    make: ({ rsa }) =>
      assembled({ alg: "HS256", kid: "rsa" }, goodClaims(), (input) =>
        createHmac("sha256", rsa.publicKey.export({ format: "pem", type: "spki" }))
          .update(input)
          .digest(),
      ),
  },
  {
    what: "one signed by HMAC with the public key's bytes as its secret",
    make: ({ issuer }) =>
      assembled({ alg: "HS256", kid: "issuer" }, goodClaims(), (input) =>
        createHmac("sha256", Buffer.from(jwkOf(issuer).x ?? "", "base64url"))
          .update(input)
          .digest(),
      ),
  },
  { what: "one with the algorithm PS256, which is not on the list", make: (k) => token(k.rsa, {}, { alg: "PS256" }) },
  {
    what: "one signed with SHA-512 under the name of RS256",
    make: ({ rsa }) =>
      assembled({ alg: "RS256", kid: "rsa" }, goodClaims(), (input) =>
        createSign("RSA-SHA512").update(input).sign(rsa.privateKey),
      ),
  },
  { what: "one of a stranger's key", make: (k) => token(k.stranger) },
  { what: "one of a stranger's key under the issuer's key id", make: (k) => token({ ...k.stranger, kid: "issuer" }) },
  { what: "one of one key under the id of another", make: (k) => token({ ...k.rsa, kid: "issuer" }) },
  { what: "one with an empty signature", make: async (k) => (await token(k.issuer)).replace(/[^.]*$/, "") },
  { what: "one with half a signature", make: async (k) => (await token(k.issuer)).slice(0, -40) },
  {
    what: "one with the signature of another",
    make: async (k) => spliced(await token(k.issuer), await token(k.issuer, { sub: "x" })),
  },
  // Or one token would be as many as its signature has spellings, each verified anew and remembered by itself.
  { what: "one whose signature is spelled otherwise", make: async (k) => respelled(await token(k.issuer)) },
  // Keys that the token brings along.
  { what: "one with an embedded jwk", make: (k) => token(k.stranger, {}, { jwk: jwkOf(k.stranger) }) },
  { what: "one with a jku", make: (k) => token(k.stranger, {}, { jku: "http://127.0.0.1:1/keys" }) },
  { what: "one with an x5u", make: (k) => token(k.stranger, {}, { x5u: "http://127.0.0.1:1/certificate" }) },
  { what: "one with an x5c", make: (k) => token(k.stranger, {}, { x5c: ["MIIB"] }) },
  { what: "one with a path as its kid", make: (k) => token({ ...k.stranger, kid: "../../../dev/null" }) },
  { what: "one with SQL as its kid", make: (k) => token({ ...k.stranger, kid: "' or 1=1 --" }) },
  {
    what: "one with a critical header that we do not know",
    make: (k) => assembledBy(k.issuer, { crit: ["b64"], b64: false }),
  },
  // Roles and subjects.
  { what: "one with an unknown role", make: (k) => token(k.issuer, { role: "ROOT" }) },
  { what: "one with a role in small letters", make: (k) => token(k.issuer, { role: "admin" }) },
  { what: "one with several roles", make: (k) => token(k.issuer, { role: ["USER", "ADMIN"] }) },
  { what: "one without a role", make: (k) => token(k.issuer, { role: undefined }) },
  { what: "one with the role NOBODY", make: (k) => token(k.issuer, { role: "NOBODY" }) },
  { what: "one with a role of the prototype", make: (k) => token(k.issuer, { role: "__proto__" }) },
  { what: "one that makes its bearer a service", make: (k) => token(k.issuer, { role: "SERVICE", sub: "booking" }) },
  { what: "one without a subject", make: (k) => token(k.issuer, { sub: undefined }) },
  { what: "one with an empty subject", make: (k) => token(k.issuer, { sub: "" }) },
  { what: "one of the system", make: (k) => token(k.issuer, { sub: "system" }) },
  { what: "one of a subject with a line break", make: (k) => token(k.issuer, { sub: "a\nb" }) },
  { what: "one of a host whose subject is no id", make: (k) => token(k.issuer, { role: "HOST", sub: "somebody" }) },
  {
    what: "one of a guest whose subject is SQL",
    make: (k) => token(k.issuer, { role: "USER", sub: `${randomUUID()}' --` }),
  },
  // Form.
  { what: "half a token", make: async (k) => (await token(k.issuer)).slice(0, 60) },
  { what: "a token with a fourth part", make: async (k) => `${await token(k.issuer)}.e30` },
  { what: "an encrypted token's five parts", make: () => "e30.e30.e30.e30.e30" },
  {
    what: "claims that are not JSON",
    make: (k) => token(k.issuer).then((good) => good.replace(/\.[^.]*\./, ".bm90.")),
  },
  { what: "an oversized token", make: (k) => token(k.issuer, { padding: "x".repeat(5000) }) },
  { what: "no token", make: () => "" },
];

function assembledBy({ privateKey, kid }: IssuerKeys, header: Record<string, unknown>): string {
  return assembled({ alg: "EdDSA", kid, ...header }, goodClaims(), (input) =>
    Buffer.from(`${input}${privateKey.type}`),
  );
}

function signedBy({ privateKey }: IssuerKeys, header: unknown, claims: unknown): string {
  return assembled(header, claims, (input) => sign(null, Buffer.from(input), privateKey));
}

function spliced(good: string, other: string): string {
  return good.replace(/[^.]*$/, other.replace(/^.*\./, ""));
}

/** The same bytes: of the last character's bits, those that count for nothing are not zero. */
function respelled(good: string): string {
  const last = good.codePointAt(good.length - 1) ?? 0;
  return good.slice(0, -1) + String.fromCodePoint(last + 1);
}

function encoded(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
