/**
 * A service's key is replaced in three steps, so that the peer knows each key before it is used and for as long as tokens of it
 * are about. Between them the operator waits, and restarts. Each step may be taken again: it finds itself done.
 */

import { rename } from "node:fs/promises";
import type { JWK } from "jose";
import { isThere, makePair, privateKeyFile, publicKeysFile, writePrivateKey, writePublicKeys } from "./make-key.ts";
import { readJson } from "./read-json.ts";

/** Makes the key to come, `<name>.next.jwk`, unless it is there, and lets the peer know it beside the one in use. */
export async function prepareNextKey(folder: string, name: string, kid: string): Promise<void> {
  const next = nextKeyFile(folder, name);
  const known = await publicKeys(folder, name);
  if (!(await isThere(next))) {
    const { privateKey } = await makePair(kid);
    await writePrivateKey(next, privateKey);
  }
  const publicKey = publicPartOf((await readJson(next)) as JWK);
  if (!known.some((key) => key.kid === publicKey.kid)) await writePublicKeys(folder, name, [publicKey, ...known]);
}

/** Puts the next key in the place of the one in use. A service that starts from now on signs with it. */
export async function useNextKey(folder: string, name: string): Promise<void> {
  const next = nextKeyFile(folder, name);
  if (!(await isThere(next))) return;
  const { kid } = (await readJson(next)) as JWK;
  const known = await publicKeys(folder, name);
  if (!known.some((key) => key.kid === kid)) throw new Error(`the peer does not know the key ${next} yet`);
  await rename(next, privateKeyFile(folder, name));
}

/** Takes all keys but the one in use, and the next one if there is one, from those that the peer knows. */
export async function forgetOldKeys(folder: string, name: string): Promise<void> {
  const own = [privateKeyFile(folder, name), nextKeyFile(folder, name)];
  const kept = new Set<unknown>();
  for (const path of own) if (await isThere(path)) kept.add(((await readJson(path)) as JWK).kid);
  const keys = (await publicKeys(folder, name)).filter(({ kid }) => kept.has(kid));
  if (keys.length === 0) throw new Error(`the key in use is not in ${publicKeysFile(folder, name)}`);
  await writePublicKeys(folder, name, keys);
}

function nextKeyFile(folder: string, name: string): string {
  return privateKeyFile(folder, `${name}.next`);
}

async function publicKeys(folder: string, name: string): Promise<readonly JWK[]> {
  return ((await readJson(publicKeysFile(folder, name))) as { keys: JWK[] }).keys;
}

function publicPartOf({ d: _secret, ...key }: JWK): JWK {
  return key;
}
