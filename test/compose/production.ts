/** docker-compose.yml as in production, with an identity provider that is a key pair. */

import { equal, match, ok } from "node:assert/strict";
import { chmod, copyFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { makeKeyOnce, privateKeyFile, publicKeysFile } from "../../shared/auth/make-key.ts";
import { readSigningKey, signToken } from "../../shared/auth/sign.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { bookOnce, callsAs } from "./calls.ts";
import type { Engine } from "./engine.ts";

const ISSUER = "https://identity.example.com";
const IMAGE_MAX_MB = 350;

const user = z.object({ user: z.object({ id: z.string() }) });

export async function checkProduction(engine: Engine): Promise<void> {
  await engine.compose("build", "secrets");
  engine.say("the image is built");
  const megabytes = Number(await engine.engine("image", "inspect", "--format", "{{.Size}}", "slotwright")) / 1e6;
  engine.say(`the image has ${megabytes.toFixed(0)} MB`);
  ok(megabytes < IMAGE_MAX_MB, `the image has ${megabytes} MB`);

  await engine.compose("run", "--rm", "secrets");
  equal((await stat(join(engine.folder, "secrets"))).mode & 0o777, 0o700);
  const administrator = await provideIdentity(engine.folder);
  await engine.compose("up", "--detach", "--wait");
  engine.say("all is healthy");

  const call = callsAs(await administrator());
  equal((await callsAs(undefined)("GET", "/users")).status, 401);
  const [hostId, guestId] = [await createUser(call, "ROLE_HOST"), await createUser(call, "ROLE_USER")];
  const opening = Math.ceil(Date.now() / DAY_MS) * DAY_MS + DAY_MS;
  const times = { startTime: iso(opening), endTime: iso(opening + 4 * HOUR_MS) };
  equal((await call("POST", "/availability", { hostId, ...times, slotDuration: 30 })).status, 201);
  const bookingId = await bookOnce(call, hostId, guestId);
  engine.say("a slot is listed, booked once and refused the second time");

  match(
    await engine.compose("exec", "-T", "booking", "sh", "-c", "id -u; touch /app/x 2>&1 || true"),
    /^1000\n.*Read-only/,
  );
  await engine.compose("restart", "booking");
  await engine.compose("up", "--detach", "--wait");
  equal((await call("GET", `/bookings/${bookingId}`)).status, 200);
  engine.say("Booking was restarted, and has its booking");

  await engine.compose("run", "--rm", "migrate-booking");
  match(await engine.compose("run", "--rm", "-T", "audit"), /^audit: no violation found$/m);
  engine.say("the migrate job runs again, and the audit finds nothing");
  await engine.compose("down", "--volumes");
}

/** Makes an identity provider and the `.env` that names it. Returns what signs a token of an administrator. */
async function provideIdentity(folder: string): Promise<() => Promise<string>> {
  await makeKeyOnce(join(folder, "idp"), "idp", "people");
  const keys = join(folder, "docker/identity/keys.jwks");
  await copyFile(publicKeysFile(join(folder, "idp"), "idp"), keys);
  await chmod(keys, 0o644);
  const example = await readFile(join(folder, "docker/example.env"), "utf8");
  await writeFile(join(folder, ".env"), example.replace(/^AUTH_JWKS=.*$/m, "AUTH_JWKS=/identity/keys.jwks"), {
    mode: 0o600,
  });
  const key = await readSigningKey(privateKeyFile(join(folder, "idp"), "idp"), false);
  const audience = ["availability", "booking"];
  return async () =>
    signToken(key, { issuer: ISSUER, subject: "operator", role: "ADMIN", audience, lifetimeSeconds: 3600 });
}

async function createUser(call: ReturnType<typeof callsAs>, role: string): Promise<string> {
  const email = `${role.toLowerCase()}@example.com`;
  const made = await call("POST", "/users", { email, displayName: "Somebody", role });
  equal(made.status, 201, JSON.stringify(made.body));
  return user.parse(made.body).user.id;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
