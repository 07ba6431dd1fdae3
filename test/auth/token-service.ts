/** An Availability that believes the tokens of some keys, and the files that those keys are in. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIENCE, ISSUER, jwkOf, type Keys, makeKeys } from "../support/forged-tokens.ts";
import { type Served, startAvailabilityService, variables } from "../support/pair.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

export interface TokenServices {
  readonly database: TestDatabase;
  readonly keys: Keys;
  /** For files of the tests. */
  readonly folder: string;
  /** Starts a service with the public keys of a file or URL. */
  startWith(jwks: string): Promise<Served>;
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
    async startWith(jwks) {
      const auth = { AUTH_JWKS: jwks, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE };
      return startAvailabilityService(database.url, { ...(await variables("availability", database.url)), ...auth });
    },
    keyFile: (name, ...owners) => written(name, JSON.stringify({ keys: owners.map(jwkOf) })),
    written,
    async drop() {
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}
