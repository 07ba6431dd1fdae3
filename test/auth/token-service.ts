/** An Availability that believes the tokens of some keys, and the files that those keys are in. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { makeKeyOnce, privateKeyFile, publicKeysFile } from "../../shared/auth/make-key.ts";
import { AUDIENCE, ISSUER, jwkOf, type Keys, makeKeys } from "../support/forged-tokens.ts";
import { type Served, startAvailabilityService, variables } from "../support/pair.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

export interface TokenServices {
  readonly database: TestDatabase;
  readonly keys: Keys;
  /** For files of the tests. */
  readonly folder: string;
  /** Starts a service with the public keys of a file or URL. `more`: variables that are other than in development. */
  startWith(jwks: string, more?: Readonly<Record<string, string>>, log?: Logger): Promise<Served>;
  /** The variables of production's own keys. */
  productionKeys(): Promise<Record<string, string>>;
  /** Writes a set of public keys, and returns its path. */
  keyFile(name: string, ...owners: readonly Keys["issuer"][]): Promise<string>;
  /** Writes a file, and returns its path. */
  written(name: string, content: string): Promise<string>;
  drop(): Promise<void>;
}

export async function prepareTokenServices(): Promise<TokenServices> {
  const folder = await mkdtemp(join(tmpdir(), "slotwright-tokens-"));
  const database = await createDatabase("availability");
  const written = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  return {
    database,
    keys: makeKeys(),
    folder,
    async startWith(jwks, more, log) {
      const auth = { AUTH_JWKS: jwks, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE, ...more };
      const all = { ...(await variables("availability", database.url)), ...auth };
      return startAvailabilityService(database.url, all, {}, log);
    },
    async productionKeys() {
      for (const name of ["availability", "booking"]) await makeKeyOnce(folder, name, name);
      const own = { PEER_JWKS: publicKeysFile(folder, "booking"), SERVICE_KEY: privateKeyFile(folder, "availability") };
      return { ENVIRONMENT: "production", ...own };
    },
    keyFile: (name, ...owners) => written(name, JSON.stringify({ keys: owners.map(jwkOf) })),
    written,
    async drop() {
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}
