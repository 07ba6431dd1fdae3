import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSecrets } from "./make-secrets.ts";

let folder: string;

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "slotwright-make-secrets-"))));
afterAll(async () => rm(folder, { recursive: true }));

async function contents(): Promise<Record<string, string>> {
  const names = await readdir(folder);
  const read = names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(read));
}

test("makes all secrets, also where an engine has made folders of their names", async () => {
  for (const name of ["booking.jwk", "booking_app_url"]) await mkdir(join(folder, name));
  const made = await makeSecrets(folder);
  expect(made).toEqual(expect.arrayContaining(["booking.jwk", "booking_app_url", "postgres_password"]));
  const { booking_app_url: url, booking_app_password: password } = await contents();
  expect(url).toBe(`postgres://booking_app:${password}@postgres:5432/booking`);
});

test("leaves alone what is there, and makes a URL anew of the password that is there", async () => {
  const before = await contents();
  expect(await makeSecrets(folder)).toEqual([]);
  await rm(join(folder, "booking_app_url"));
  expect(await makeSecrets(folder)).toEqual(["booking_app_url"]);
  expect(await contents()).toEqual(before);
});
