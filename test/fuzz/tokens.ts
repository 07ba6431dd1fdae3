/**
 * Tokens of a run. Keys and times are the same in every run, so that a token in the bytes of a conversation is as good
 * or as bad when the bytes are sent again.
 */

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { DEVELOPMENT_KEY_PREFIX } from "../../shared/auth/keys.ts";
import { privateKeyFile, publicKeysFile } from "../../shared/auth/make-key.ts";
import type { Role } from "../../shared/auth/identity.ts";
import { serviceNames } from "../../services/ops/services.ts";
import type { Random } from "./random.ts";
import type { Swarm } from "./swarm.ts";
import { guestIds, hostIds } from "./world.ts";

/** As in services/dev/keys.ts, which signs the tokens of people with it. */
const PEOPLE = "people";
const ISSUER = "slotwright-development";
const ISSUED = Date.UTC(2025, 0, 1) / 1000;
const EXPIRES = Date.UTC(2100, 0, 1) / 1000;
/** The beginning of an Ed25519 key in PKCS #8 (RFC 8410); its 32 bytes follow. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

const keys = new Map<string, KeyObject>(
  [PEOPLE, ...serviceNames].map((name) => {
    const secret = createHash("sha256").update(`a key of fuzzing, known to all: ${name}`).digest();
    return [name, createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, secret]), format: "der", type: "pkcs8" })];
  }),
);

/** Puts the keys where `provideKeys` finds them, so that it makes no others. */
export async function writeKeys(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, key] of keys) {
    const named = { kid: kidOf(name), alg: "EdDSA", use: "sig" };
    const publicKey = createPublicKey(key).export({ format: "jwk" });
    await writeFile(publicKeysFile(folder, name), JSON.stringify({ keys: [{ ...publicKey, ...named }] }));
    const secret = JSON.stringify({ ...key.export({ format: "jwk" }), ...named });
    await writeFile(privateKeyFile(folder, name), secret, { mode: 0o600 });
  }
}

/** An `authorization`, or undefined for none. */
export function authorization(random: Random, swarm: Swarm): string | undefined {
  if (swarm("no token")) return undefined;
  if (swarm("odd token")) return oddAuthorization(random);
  return `Bearer ${goodToken(random, swarm("fresh token"))}`;
}

/** A token of a caller who may do much, or little. No process has seen a `fresh` one before. */
function goodToken(random: Random, fresh: boolean): string {
  const [role, subject] = random.pick<[Role, string]>([
    ["ADMIN", "fuzz"],
    ["ADMIN", "fuzz"],
    ["HOST", hostIds[0]!],
    ["USER", guestIds[0]!],
    ["SERVICE", "booking"],
    ["SERVICE", "availability"],
  ]);
  return signed({ role, sub: subject, ...(fresh ? { jti: random.bytes(9).toString("base64url") } : {}) });
}

function oddAuthorization(random: Random): string {
  const good = goodToken(random, false);
  const odd: readonly (() => string)[] = [
    () => `Bearer ${signed({ role: "ADMIN", sub: "fuzz", exp: ISSUED + 1 })}`,
    () => `Bearer ${signed({ role: "ADMIN", sub: "fuzz", iat: EXPIRES })}`,
    () => `Bearer ${signed({ role: "ADMIN", sub: ["fuzz"] })}`,
    () => `Bearer ${signed({ role: "HOST", sub: "nobody" })}`,
    () => `Bearer ${signed({ role: "ADMIN", sub: "fuzz", aud: "elsewhere" })}`,
    () => `Bearer ${signed({ role: "ADMIN", sub: "fuzz", iss: "booking" })}`,
    () => `Bearer ${good.slice(0, -1 - random.below(40))}`,
    () => `Bearer ${good}${random.pick(["=", ".", "A", "%00", " x"])}`,
    // The last letter carries fewer bits than it could, so several letters spell the same signature.
    () => `Bearer ${good.slice(0, -1)}${random.pick(["A", "B", "C", "Q", "g", "w"])}`,
    () => `bearer ${good}`,
    () => `Bearer  ${good}`,
    () => `Basic ${Buffer.from("fuzz:fuzz").toString("base64")}`,
    () => `Bearer ${good}, Bearer ${good}`,
    () => `Bearer ${"e".repeat(random.below(20_000))}`,
    () => `Bearer ${random.bytes(40).toString("latin1")}`,
    () => "Bearer",
    () => "",
  ];
  return random.pick(odd)();
}

function signed(claims: { readonly role: string; readonly sub: unknown } & Readonly<Record<string, unknown>>): string {
  const isService = claims.role === "SERVICE";
  const issuer = isService ? String(claims.sub) : ISSUER;
  const audience = isService ? serviceNames.find((name) => name !== issuer) : [...serviceNames];
  const payload = { iss: issuer, aud: audience, iat: ISSUED, exp: EXPIRES, ...claims };
  const name = isService ? issuer : PEOPLE;
  const text = [{ alg: "EdDSA", kid: kidOf(name), typ: "JWT" }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${sign(null, Buffer.from(text), keys.get(name)!).toString("base64url")}`;
}

function kidOf(name: string): string {
  return `${DEVELOPMENT_KEY_PREFIX}fuzz-${name}`;
}
