import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";

const ALGORITHM = "EdDSA";

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
  const path = privateKeyFile(folder, name);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) return false;
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const named = { kid, alg: ALGORITHM, use: "sig" };
  const keys = [{ ...(await exportJWK(pair.publicKey)), ...named }];
  await writeFile(publicKeysFile(folder, name), `${JSON.stringify({ keys })}\n`);
  // The private key last and in one step: it is what says that the pair is complete.
  const secret = `${JSON.stringify({ ...(await exportJWK(pair.privateKey)), ...named })}\n`;
  await writeFile(`${path}.new`, secret, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return true;
}
