/** Why each token was refused: in the log of every service, in the answer of development's, and nowhere else. */

import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TokenRefusal, refusalWords } from "../../shared/auth/token-refused.ts";
import { overGrpcAs, rawHttp1, rawHttp2, send } from "./token-calls.ts";
import { prepareTokenServices, type TokenServices } from "./token-service.ts";
import { forgedClaims } from "../support/forged-claims.ts";
import { forgedSignatures } from "../support/forged-signatures.ts";
import { type Forgery, ISSUER, type Keys, signedBy, token } from "../support/forged-tokens.ts";
import { type KeptLog, keepLines } from "../support/kept-log.ts";
import type { Served } from "../support/pair.ts";
import { poolOf } from "../support/pool.ts";
import { waitFor } from "../support/waits.ts";

const EXPIRED = "the access token has expired";
const NOT_VALID = "a valid access token is required";

/** What a line says of a token. */
interface Refused {
  readonly refused: TokenRefusal;
  readonly issuer?: string;
  readonly subject?: string;
}

const users = { host: randomUUID(), erased: randomUUID() };

const ofUsers: readonly Forgery[] = [
  {
    what: "one of an erased user",
    refused: "USER_ERASED",
    make: (k) => token(k.issuer, { role: "USER", sub: users.erased }),
  },
  {
    what: "one of a host as a guest",
    refused: "ROLE_NOT_OF_USER",
    make: (k) => token(k.issuer, { role: "USER", sub: users.host }),
  },
];

const headers: readonly (Omit<Forgery, "make"> & { readonly header: (good: string) => string })[] = [
  { what: "another scheme", refused: "NOT_BEARER", header: (good) => `Basic ${good}` },
  { what: "no scheme", refused: "NOT_BEARER", header: (good) => good },
  { what: "a scheme alone", refused: "NOT_BEARER", header: () => "Bearer" },
  { what: "two tokens", refused: "NOT_BEARER", header: (good) => `Bearer ${good} ${good}` },
  { what: "two tokens with a comma", refused: "HEADER_REPEATED", header: (good) => `Bearer ${good}, Bearer ${good}` },
  { what: "a quoted token", refused: "NOT_BASE64URL", header: (good) => `Bearer "${good}"` },
];

const forgeries = [...forgedClaims, ...forgedSignatures, ...ofUsers];

let services: TokenServices;
let keys: Keys;
let pool: Pool;
const kept: Record<"development" | "production", KeptLog> = {
  development: keepLines("development"),
  production: keepLines("production"),
};
let development: Served;
let production: Served;

beforeAll(async () => {
  services = await prepareTokenServices();
  ({ keys } = services);
  pool = poolOf(services.database.url);
  await pool.query(
    `insert into users (id, email, email_key, display_name, role) values ($1, 'host', 'host', 'Host', 'HOST')`,
    [users.host],
  );
  await pool.query("insert into users (id, role, state, erase_time) values ($1, 'USER', 'ERASED', now())", [
    users.erased,
  ]);
  const file = await services.keyFile("people.jwks", keys.issuer, keys.second, keys.rsa);
  development = await services.startWith(file, {}, kept.development.log);
  production = await services.startWith(file, await services.productionKeys(), kept.production.log);
});

afterAll(async () => {
  await development.stop();
  await production.stop();
  await pool.end();
  await services.drop();
});

test("every reason is in the table, and no other", () => {
  const tried = new Set<TokenRefusal>([...forgeries, ...headers].map(({ refused }) => refused));
  // The first two are tried below. A good JWT library leaves nothing for the last.
  const others: readonly TokenRefusal[] = ["HEADER_MISSING", "HEADER_REPEATED", "TOKEN_INVALID"];
  expect([...tried.union(new Set(others))].toSorted()).toEqual(Object.keys(refusalWords).toSorted());
});

test.each(forgeries)("$what: $refused", async ({ refused, make }) => {
  expect(await answersTo(`Bearer ${await make(keys)}`)).toEqual(answersWith(refused));
});

test.each(headers)("an authorization header with $what: $refused", async ({ refused, header }) => {
  expect(await answersTo(header(await token(keys.issuer)))).toEqual(answersWith(refused));
});

describe("an authorization header", () => {
  test("that is not there: HEADER_MISSING", async () => {
    const before = kept.production.lines.length;
    expect(await send(production, {})).toMatchObject({ code: "UNAUTHENTICATED", message: NOT_VALID });
    await rawHttp2(`http://${production.grpcAddress}`, { "content-type": "application/grpc+proto", te: "trailers" });
    expect(await refusedSince(kept.production, before)).toEqual([
      { refused: "HEADER_MISSING" },
      { refused: "HEADER_MISSING" },
    ]);
  });

  test("that comes twice: HEADER_REPEATED", async () => {
    const good = `Bearer ${await token(keys.issuer)}`;
    const before = kept.production.lines.length;
    await rawHttp1(production, [`Authorization: ${good}`, `Authorization: ${good}`]);
    const grpc = { "content-type": "application/grpc+proto", te: "trailers", authorization: [good, good] };
    await rawHttp2(`http://${production.grpcAddress}`, grpc);
    expect(await refusedSince(kept.production, before)).toEqual([
      { refused: "HEADER_REPEATED" },
      { refused: "HEADER_REPEATED" },
    ]);
  });
});

describe("the log says whose a refused token claims to be,", () => {
  test.each<[what: string, claims: object, told: object]>([
    ["its issuer and subject", { aud: "booking" }, { issuer: ISSUER, subject: "somebody" }],
    ["as much of them as is enough", { sub: "x".repeat(500), aud: "booking" }, { subject: "x".repeat(128) }],
    [
      "of an e-mail address its domain only",
      { sub: "ada@mail.example", aud: "booking" },
      { subject: "…@mail.example" },
    ],
    ["also of a long one", { sub: `${"x".repeat(200)}@mail.example`, aud: "booking" }, { subject: "…@mail.example" }],
    ["also of a quoted one", { sub: '"ada l: a/b"@mail.example', aud: "booking" }, { subject: "…@mail.example" }],
    ["without what turns a line around", { sub: "a\u202Eb\u2028c\u0085d", aud: "booking" }, { subject: "abcd" }],
    ["and nothing where they are no texts", { sub: { a: 1 }, iss: 7 }, { refused: "ISSUER_MISSING" }],
  ])("%s", async (_what, claims, told) => {
    const before = kept.production.lines.length;
    await send(production, { authorization: `Bearer ${await token(keys.issuer, { ...claims })}` });
    const [line] = await refusedSince(kept.production, before, 1);
    expect(line).toMatchObject(told);
    if ("iss" in claims) expect(line).toEqual(told);
  });
});

test("no log has a token in it", async () => {
  const secret = signedBy(
    keys.issuer,
    { alg: "EdDSA", kid: "issuer" },
    { iss: ISSUER, sub: "a", padding: "z".repeat(50) },
  );
  await send(production, { authorization: `Bearer ${secret}` });
  expect(kept.production.secrets).toEqual([]);
  expect(kept.development.secrets).toEqual([]);
});

/** What both services answer, over both protocols, and what their logs say of it. */
async function answersTo(authorization: string): Promise<object> {
  const answers: Record<string, unknown> = {};
  for (const [environment, served] of Object.entries({ production, development })) {
    const log = kept[environment as keyof typeof kept];
    const before = log.lines.length;
    const told = [await send(served, { authorization }), await overGrpcAs(served, authorization)];
    const logged = (await refusedSince(log, before)).map(({ refused }) => refused);
    answers[environment] = { told, logged };
  }
  return answers;
}

/** That each service logs why, and only development's says so. */
function answersWith(refused: TokenRefusal): object {
  const said = refused === "EXPIRED" ? EXPIRED : NOT_VALID;
  const answer = (message: string): object => ({ code: "UNAUTHENTICATED", message, details: {} });
  const twice = (message: string): object => ({
    told: [answer(message), answer(message)],
    logged: [refused, refused],
  });
  return { production: twice(said), development: twice(`${said}: ${refused}, ${refusalWords[refused]}`) };
}

/** What the lines of calls behind the first `before` lines say of refused tokens, when there are so many. */
async function refusedSince({ lines }: KeptLog, before: number, count = 2): Promise<Refused[]> {
  const refused = (): Refused[] =>
    lines
      .slice(before)
      .filter(({ code, level }) => code === "UNAUTHENTICATED" && level === 30)
      .map((line) => line["token"] as Refused);
  await waitFor(() => expect(refused()).toHaveLength(count));
  return refused();
}
