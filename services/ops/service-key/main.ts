/**
 * `npm run service-key -- FOLDER availability|booking`: makes the key pair by which a service is known to its peer.
 * `<service>.jwk` is its SERVICE_KEY and stays with it, `<service>.jwks` is the peer's PEER_JWKS. A pair that is there is
 * left alone.
 */

import { randomUUID } from "node:crypto";
import { makeKeyOnce } from "../../../shared/auth/make-key.ts";
import { serviceNames } from "../services.ts";

const [folder, name] = process.argv.slice(2);
if (folder === undefined || !serviceNames.some((service) => service === name) || name === undefined) {
  process.stderr.write(`usage: npm run service-key -- FOLDER ${serviceNames.join("|")}\n`);
  process.exitCode = 1;
} else {
  const made = await makeKeyOnce(folder, name, `${name}-${randomUUID()}`);
  process.stdout.write(made ? `made the key of ${name} in ${folder}\n` : `${name} has a key in ${folder} already\n`);
}
