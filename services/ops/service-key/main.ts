/**
 * `npm run service-key -- FOLDER availability|booking`: makes the key pair by which a service is known to its peer.
 * `<service>.jwk` is its SERVICE_KEY and stays with it, `<service>.jwks` is the peer's PEER_JWKS. A pair that is there is
 * left alone. `prepare`, `use` and `forget` behind that replace it, step by step (`rotate-key.ts`).
 */

import { randomUUID } from "node:crypto";
import { makeKeyOnce } from "../../../shared/auth/make-key.ts";
import { forgetOldKeys, prepareNextKey, useNextKey } from "../../../shared/auth/rotate-key.ts";
import { serviceNames } from "../services.ts";

const [folder, name, step, ...more] = process.argv.slice(2);
const usage = `usage: npm run service-key -- FOLDER ${serviceNames.join("|")} [prepare|use|forget]`;
try {
  process.stdout.write(`${await run()}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function run(): Promise<string> {
  if (folder === undefined || name === undefined || more.length > 0) throw new Error(usage);
  if (!serviceNames.some((service) => service === name)) throw new Error(usage);
  const kid = `${name}-${randomUUID()}`;
  switch (step) {
    case undefined: {
      const made = await makeKeyOnce(folder, name, kid);
      return made ? `made the key of ${name} in ${folder}` : `${name} has a key in ${folder} already`;
    }
    case "prepare":
      await prepareNextKey(folder, name, kid);
      return `the peer of ${name} knows its next key`;
    case "use":
      await useNextKey(folder, name);
      return `${name} signs with its next key from its next start on`;
    case "forget":
      await forgetOldKeys(folder, name);
      return `the peer of ${name} knows no older key`;
    default:
      throw new Error(usage);
  }
}
