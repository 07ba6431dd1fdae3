import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";

const ALGORITHM = "EdDSA";

export interface KeyPair {
  readonly privateKey: JWK;
  readonly publicKey: JWK;
}

export function privateKeyFile(folder: string, name: string): string {
  return join(folder, `${name}.jwk`);
}

export function publicKeysFile(folder: string, name: string): string {
  return join(folder, `${name}.jwks`);
}

/**
 * Makes a key pair with the id `kid` in `folder`, unless `name` has one there: `<name>.jwk`, which only its owner can read,
 * to sign with, and `<name>.jwks` for those who verify. Whether it made one.
 */
export async function makeKeyOnce(folder: string, name: string, kid: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (await isThere(privateKeyFile(folder, name))) return false;
  const { privateKey, publicKey } = await makePair(kid);
  await writePublicKeys(folder, name, [publicKey]);
  // The private key last and in one step: it is what says that the pair is complete.
  await writePrivateKey(privateKeyFile(folder, name), privateKey);
  return true;
}

export async function makePair(kid: string): Promise<KeyPair> {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const named = { kid, alg: ALGORITHM, use: "sig" };
  return {
    privateKey: { ...(await exportJWK(pair.privateKey)), ...named },
    publicKey: { ...(await exportJWK(pair.publicKey)), ...named },
  };
}

/** Into the file that is there: containers have that one mounted, and would not see another of its name. */
export async function writePublicKeys(folder: string, name: string, keys: readonly JWK[]): Promise<void> {
  await writeFile(publicKeysFile(folder, name), `${JSON.stringify({ keys })}\n`);
}

/** In one step, readable by its owner only. */
export async function writePrivateKey(path: string, key: JWK): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(key)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
