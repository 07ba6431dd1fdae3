/**
 * docs/identity.md tells the truth. With the settings of each provider that it shows, and tokens of the shape that it shows, its
 * commands book a slot.
 */

import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusalWords } from "../../shared/auth/token-refused.ts";
import { type GatewayUnderTest, startGatewayOf } from "../gateway/started.ts";
import { openShell } from "../gateway/shell.ts";
import { shownCommands } from "../support/documented.ts";
import { type IssuerKeys, jwkOf } from "../support/forged-tokens.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { poolOf } from "../support/pool.ts";

const project = resolve(import.meta.dirname, "../..");
const page = readFileSync(resolve(project, "docs/identity.md"), "utf8");
const sections = new Map(page.split(/^## /m).map((section) => [section.split("\n", 1)[0] ?? "", section]));

/** The kind of key that each provider signs with. */
const providers = [
  ["Keycloak", { ...generateKeyPairSync("rsa", { modulusLength: 2048 }), kid: "k1" }, "RS256"],
  ["Auth0", { ...generateKeyPairSync("rsa", { modulusLength: 2048 }), kid: "a1" }, "RS256"],
  ["A plain JWKS", { ...generateKeyPairSync("ed25519"), kid: "p1" }, "EdDSA"],
] as const satisfies readonly (readonly [string, IssuerKeys, string])[];

const who = ["ADMIN", "HOST", "USER"] as const;
type Who = (typeof who)[number];

test("every provider of the page is tried", () => {
  const shown = [...sections].filter(([, section]) => section.includes("\nAUTH_JWKS="));
  expect(shown.map(([title]) => title)).toEqual(providers.map(([title]) => title));
});

describe.each(providers)("%s", (title, keys, algorithm) => {
  const settings = parseEnv(blockOf(title, "ini")) as Record<string, string>;
  const shown = JSON.parse(blockOf(title, "json")) as JWTPayload;
  let site: Server;
  let pair: Pair;
  let gateway: GatewayUnderTest;

  beforeAll(async () => {
    const jwks = new URL(settings["AUTH_JWKS"] ?? "");
    site = createServer((request, response) => {
      response.statusCode = request.url === jwks.pathname ? 200 : 404;
      response.end(JSON.stringify({ keys: [jwkOf(keys)] }));
    });
    site.listen(0, "127.0.0.1");
    await once(site, "listening");
    const here = `http://127.0.0.1:${(site.address() as AddressInfo).port}${jwks.pathname}`;
    // The page's settings and no others: but for where the keys are, which cannot be had from an example.
    const own = { ...settings, AUTH_JWKS: here };
    pair = await startPair({ availability: own, booking: own });
    gateway = await startGatewayOf(pair);
  });

  afterAll(async () => {
    await gateway.stop();
    await pair.stop();
    site.closeAllConnections();
    await new Promise((closed) => void site.close(closed));
  });

  test("has users who book by the commands of the page", async () => {
    const [ADMIN_TOKEN, HOST_TOKEN, GUEST_TOKEN] = await Promise.all(who.map(tokenOf));
    const shell = openShell(project, { GATEWAY: gateway.url, ADMIN_TOKEN, HOST_TOKEN, GUEST_TOKEN } as Record<
      string,
      string
    >);
    const printed: string[] = [];
    for (const { command } of shownCommands(sections.get("Connect users, and book") ?? "")) {
      printed.push(await shell.run(command));
    }
    await shell.close();
    expect(printed.at(-1), printed.join("\n")).toContain('"state":"BOOKING_STATE_CONFIRMED"');
    const pool = poolOf(pair.availability.databaseUrl);
    const { rows } = await pool.query("select role, external_id from users order by role");
    await pool.end();
    expect(rows).toEqual([
      { role: "HOST", external_id: subjectOf("HOST") },
      { role: "USER", external_id: subjectOf("USER") },
    ]);
  });

  /** Of the guest it is the page's own. */
  function subjectOf(person: Who): string {
    return person === "USER" ? String(shown.sub) : `${shown.sub}-${person}`;
  }

  /** A token of the page's shape: the page shows a guest's. */
  async function tokenOf(person: Who): Promise<string> {
    const valueOf = (role: Who): string => settings[`AUTH_ROLE_${role}`] ?? role;
    const guests = JSON.stringify(shown);
    const claims = JSON.parse(guests.replace(`"${valueOf("USER")}"`, `"${valueOf(person)}"`)) as JWTPayload;
    if (person !== "USER") expect(claims).not.toEqual(shown);
    const now = Math.floor(Date.now() / 1000);
    const lifetime = (shown.exp ?? 0) - (shown.iat ?? 0);
    return new SignJWT({ ...claims, sub: subjectOf(person), iat: now, exp: now + lifetime })
      .setProtectedHeader({ alg: algorithm, typ: "JWT", kid: keys.kid })
      .sign(keys.privateKey);
  }
});

test("the page has every reason, in the words of the service", () => {
  const rows = page.matchAll(/^\| `([A-Z_0-9]+)` +\| (.*?) +\|$/gm);
  const told = Array.from(rows, ([, reason = "", words = ""]) => [reason, words] as const);
  expect(Object.fromEntries(told.filter(([reason]) => !reason.startsWith("AUTH_")))).toEqual(refusalWords);
});

/** The first block of a language in a section. */
function blockOf(title: string, language: string): string {
  const section = sections.get(title) ?? "";
  const [, block] = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "m").exec(section) ?? [];
  if (block === undefined) throw new Error(`${title} shows no ${language}`);
  return block;
}
