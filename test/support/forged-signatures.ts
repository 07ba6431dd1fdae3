/** Tokens that are not signed as they must be, or are none. */

import { createHmac, createSign } from "node:crypto";
import type { TokenRefusal } from "../../shared/auth/token-refused.ts";
import {
  assembled,
  type Forgery,
  goodClaims,
  type IssuerKeys,
  jwkOf,
  type Keys,
  signedBy,
  token,
} from "./forged-tokens.ts";

const mistypedHeaders: readonly (readonly [TokenRefusal, object])[] = [
  ["KEY_UNKNOWN", { kid: 7 }],
  ["KEY_UNKNOWN", { kid: ["issuer"] }],
  ["KEY_UNKNOWN", { kid: {} }],
  ["ALGORITHM_NOT_ALLOWED", { alg: ["EdDSA"] }],
  ["ALGORITHM_NOT_ALLOWED", { alg: null }],
  ["CRITICAL_HEADER", { crit: "exp" }],
];

export const forgedSignatures: readonly Forgery[] = [
  // A header or claims of another type than they have, well signed.
  ...mistypedHeaders.map(([refused, header]): Forgery => ({
    what: `one whose header has ${JSON.stringify(header)}`,
    refused,
    make: ({ issuer }) => signedBy(issuer, { alg: "EdDSA", kid: "issuer", ...header }, goodClaims()),
  })),
  {
    what: "one whose header is no object",
    refused: "HEADER_UNREADABLE",
    make: ({ issuer }) => signedBy(issuer, "header", goodClaims()),
  },
  {
    what: "one that names no key, of an issuer with several",
    refused: "KEY_AMBIGUOUS",
    make: ({ issuer }) => signedBy(issuer, { alg: "EdDSA" }, goodClaims()),
  },
  {
    what: "one with other letters than base64url has",
    refused: "NOT_BASE64URL",
    make: async (k) => (await token(k.issuer)).replace(/.$/, "="),
  },
  ...[[], [{}], null, "claims", 7].map((claims): Forgery => ({
    what: `one whose claims are ${JSON.stringify(claims)}`,
    refused: "CLAIMS_UNREADABLE",
    make: ({ issuer }: Keys) => signedBy(issuer, { alg: "EdDSA", kid: "issuer" }, claims),
  })),
  // Signature.
  {
    what: "one with the algorithm none",
    refused: "NOT_THREE_PARTS",
    make: () => assembled({ alg: "none" }, goodClaims(), () => Buffer.alloc(0)),
  },
  {
    what: "one with the algorithm nOnE and the issuer's key id",
    refused: "NOT_THREE_PARTS",
    make: () => assembled({ alg: "nOnE", kid: "issuer" }, goodClaims(), () => Buffer.alloc(0)),
  },
  {
    what: "one signed by HMAC with the public RSA key as its secret",
    refused: "ALGORITHM_NOT_ALLOWED",
    make: ({ rsa }) =>
      assembled({ alg: "HS256", kid: "rsa" }, goodClaims(), (input) =>
        createHmac("sha256", rsa.publicKey.export({ format: "pem", type: "spki" }))
          .update(input)
          .digest(),
      ),
  },
  {
    what: "one signed by HMAC with the public key's bytes as its secret",
    refused: "ALGORITHM_NOT_ALLOWED",
    make: ({ issuer }) =>
      assembled({ alg: "HS256", kid: "issuer" }, goodClaims(), (input) =>
        createHmac("sha256", Buffer.from(jwkOf(issuer).x ?? "", "base64url"))
          .update(input)
          .digest(),
      ),
  },
  {
    what: "one with the algorithm PS256, which is not on the list",
    refused: "ALGORITHM_NOT_ALLOWED",
    make: (k) => token(k.rsa, {}, { alg: "PS256" }),
  },
  {
    what: "one signed with SHA-512 under the name of RS256",
    refused: "SIGNATURE_WRONG",
    make: ({ rsa }) =>
      assembled({ alg: "RS256", kid: "rsa" }, goodClaims(), (input) =>
        createSign("RSA-SHA512").update(input).sign(rsa.privateKey),
      ),
  },
  { what: "one of a stranger's key", refused: "KEY_UNKNOWN", make: (k) => token(k.stranger) },
  {
    what: "one of a stranger's key under the issuer's key id",
    refused: "SIGNATURE_WRONG",
    make: (k) => token({ ...k.stranger, kid: "issuer" }),
  },
  {
    what: "one of one key under the id of another",
    refused: "KEY_UNKNOWN",
    make: (k) => token({ ...k.rsa, kid: "issuer" }),
  },
  {
    what: "one with an empty signature",
    refused: "NOT_THREE_PARTS",
    make: async (k) => (await token(k.issuer)).replace(/[^.]*$/, ""),
  },
  {
    what: "one with half a signature",
    refused: "SIGNATURE_WRONG",
    make: async (k) => (await token(k.issuer)).slice(0, -42),
  },
  {
    what: "one with the signature of another",
    refused: "SIGNATURE_WRONG",
    make: async (k) => spliced(await token(k.issuer), await token(k.issuer, { sub: "x" })),
  },
  // Or one token would be as many as its signature has spellings, each verified anew and remembered by itself.
  {
    what: "one whose signature is spelled otherwise",
    refused: "SIGNATURE_SPELLING",
    make: async (k) => respelled(await token(k.issuer)),
  },
  // Keys that the token brings along.
  {
    what: "one with an embedded jwk",
    refused: "KEY_UNKNOWN",
    make: (k) => token(k.stranger, {}, { jwk: jwkOf(k.stranger) }),
  },
  {
    what: "one with a jku",
    refused: "KEY_UNKNOWN",
    make: (k) => token(k.stranger, {}, { jku: "http://127.0.0.1:1/keys" }),
  },
  {
    what: "one with an x5u",
    refused: "KEY_UNKNOWN",
    make: (k) => token(k.stranger, {}, { x5u: "http://127.0.0.1:1/certificate" }),
  },
  { what: "one with an x5c", refused: "KEY_UNKNOWN", make: (k) => token(k.stranger, {}, { x5c: ["MIIB"] }) },
  {
    what: "one with a path as its kid",
    refused: "KEY_UNKNOWN",
    make: (k) => token({ ...k.stranger, kid: "../../../dev/null" }),
  },
  {
    what: "one with SQL as its kid",
    refused: "KEY_UNKNOWN",
    make: (k) => token({ ...k.stranger, kid: "' or 1=1 --" }),
  },
  {
    what: "one with a critical header that we do not know",
    refused: "CRITICAL_HEADER",
    make: (k) => assembledBy(k.issuer, { crit: ["b64"], b64: false }),
  },
  // Form.
  { what: "half a token", refused: "NOT_THREE_PARTS", make: async (k) => (await token(k.issuer)).slice(0, 60) },
  { what: "a token with a fourth part", refused: "NOT_THREE_PARTS", make: async (k) => `${await token(k.issuer)}.e30` },
  { what: "an encrypted token's five parts", refused: "NOT_THREE_PARTS", make: () => "e30.e30.e30.e30.e30" },
  {
    what: "claims that are not JSON",
    refused: "CLAIMS_UNREADABLE",
    make: (k) => token(k.issuer).then((good) => good.replace(/\.[^.]*\./, ".bm90.")),
  },
  {
    what: "an oversized token",
    refused: "HEADER_TOO_LONG",
    make: (k) => token(k.issuer, { padding: "x".repeat(5000) }),
  },
];

function assembledBy({ privateKey, kid }: IssuerKeys, header: Record<string, unknown>): string {
  return assembled({ alg: "EdDSA", kid, ...header }, goodClaims(), (input) =>
    Buffer.from(`${input}${privateKey.type}`),
  );
}

function spliced(good: string, other: string): string {
  return good.replace(/[^.]*$/, other.replace(/^.*\./, ""));
}

/** The same bytes: of the last character's bits, those that count for nothing are not zero. */
function respelled(good: string): string {
  const last = good.codePointAt(good.length - 1) ?? 0;
  return good.slice(0, -1) + String.fromCodePoint(last + 1);
}
