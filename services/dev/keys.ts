/** Keys of development: made on the first start, kept in a folder of the checkout, refused in production by their names. */

import { randomBytes } from "node:crypto";
import type { Role } from "../../shared/auth/identity.ts";
import { DEVELOPMENT_KEY_PREFIX } from "../../shared/auth/keys.ts";
import { makeKeyOnce, privateKeyFile, publicKeysFile } from "../../shared/auth/make-key.ts";
import { readSigningKey, signToken } from "../../shared/auth/sign.ts";
import { type ServiceName, serviceNames } from "../ops/services.ts";

const ISSUER = "slotwright-development";
/** The key that stands in for an identity provider. */
const PEOPLE = "people";

export interface DevKeys {
  /** The variables with which a service accepts these keys. */
  variablesOf(service: ServiceName): Record<string, string>;
  /** A token as an identity provider, or with the role SERVICE the service `subject`, would sign it. */
  sign(order: TokenOrder): Promise<string>;
}

export interface TokenOrder {
  readonly role: Role;
  readonly subject: string;
  readonly lifetimeSeconds: number;
  /** Unset: both services; with the role SERVICE its peer. */
  readonly audience?: string | undefined;
}

/** The keys in `folder`; those that are missing are made. */
export async function provideKeys(folder: string): Promise<DevKeys> {
  for (const name of [PEOPLE, ...serviceNames]) {
    await makeKeyOnce(folder, name, `${DEVELOPMENT_KEY_PREFIX}${name}-${randomBytes(4).toString("hex")}`);
  }
  return {
    variablesOf: (service) => ({
      ENVIRONMENT: "development",
      AUTH_JWKS: publicKeysFile(folder, PEOPLE),
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: service,
      PEER_JWKS: publicKeysFile(folder, peerOf(service)),
      SERVICE_KEY: privateKeyFile(folder, service),
    }),
    async sign({ role, subject, lifetimeSeconds, audience }) {
      const isService = role === "SERVICE";
      const key = await readSigningKey(privateKeyFile(folder, isService ? subject : PEOPLE), true);
      const standard = isService ? peerOf(subject) : [...serviceNames];
      const issuer = isService ? subject : ISSUER;
      return signToken(key, { issuer, subject, role, audience: audience ?? standard, lifetimeSeconds });
    },
  };
}

function peerOf(service: string): ServiceName {
  return service === "booking" ? "availability" : "booking";
}
