/** Public keys that come and go, and those that a service does not start with. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { provideKeys } from "../../services/dev/keys.ts";
import { overHttp } from "./token-calls.ts";
import { prepareTokenServices, type TokenServices } from "./token-service.ts";
import { jwkOf, type Keys, token } from "../support/forged-tokens.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { waitFor } from "../support/waits.ts";

let services: TokenServices;
let keys: Keys;

beforeAll(async () => {
  services = await prepareTokenServices();
  ({ keys } = services);
});

afterAll(() => services.drop());

describe("keys come and go", () => {
  test("in a file: a new key is found without a restart, and the old one can be taken away", async () => {
    const file = await services.keyFile("rotated.jwks", keys.issuer);
    const rotating = await services.startWith(file);
    expect((await overHttp(rotating, await token(keys.stranger))).code).toBe("UNAUTHENTICATED");
    await services.keyFile("rotated.jwks", keys.stranger);
    await waitFor(async () => expect((await overHttp(rotating, await token(keys.stranger))).code).toBe("OK"), 60_000);
    expect((await overHttp(rotating, await token(keys.issuer))).code).toBe("UNAUTHENTICATED");
    await rotating.stop();
  });

  test("at a URL: asked when needed, shared by those who wait, and not for every key that somebody makes up", async () => {
    const site = await startKeySite([keys.issuer]);
    const remote = await services.startWith(site.url);
    expect(site.asked()).toBe(0);
    const goods = await Promise.all(Array.from({ length: 20 }, (_, n) => token(keys.issuer, { sub: `admin-${n}` })));
    const codes = await Promise.all(goods.map(async (good) => (await overHttp(remote, good)).code));
    expect(new Set(codes)).toEqual(new Set(["OK"]));
    expect(site.asked()).toBe(1);
    for (let n = 0; n < 5; n += 1) {
      const made = await token({ ...keys.stranger, kid: `made-up-${n}` });
      expect((await overHttp(remote, made)).code).toBe("UNAUTHENTICATED");
    }
    expect(site.asked()).toBe(1);
    await remote.stop();
    await site.close();
  });

  test("at a URL that is out of reach: the caller is told to come again, and comes in when it is back", async () => {
    const site = await startKeySite([keys.issuer]);
    await site.close();
    const remote = await services.startWith(site.url);
    const good = await token(keys.issuer);
    expect((await overHttp(remote, good)).code).toBe("UNAVAILABLE");
    const back = await startKeySite([keys.issuer], site.port);
    // It is not asked again at once: a failure is remembered for ten seconds.
    await waitFor(async () => expect((await overHttp(remote, good)).code).toBe("OK"), 60_000);
    expect(back.asked()).toBe(1);
    await remote.stop();
    await back.close();
  });
});

describe("does not start:", () => {
  test("production with a development key, wherever it is named", async () => {
    const development = await provideKeys(join(services.folder, "development"));
    const own = { ...development.variablesOf("availability"), ENVIRONMENT: "production" };
    await expect(startAvailabilityService(services.database.url, own)).rejects.toThrow("cannot be used");
    const proper = await services.keyFile("proper.jwks", keys.issuer);
    const signing = { ...own, AUTH_JWKS: proper, PEER_JWKS: proper };
    await expect(startAvailabilityService(services.database.url, signing)).rejects.toMatchObject({
      cause: { message: "it is a development key, which production refuses" },
    });
  });

  test.each([
    ["a file that is not there", async () => join(services.folder, "missing.jwks")],
    ["a file that is not JSON", async () => services.written("text.jwks", "secret")],
    ["a file without keys", async () => services.written("empty.jwks", "{}")],
    [
      "private keys",
      async () =>
        services.written("private.jwks", JSON.stringify({ keys: [keys.issuer.privateKey.export({ format: "jwk" })] })),
    ],
    [
      "a shared secret",
      async () => services.written("secret.jwks", JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0" }] })),
    ],
  ])("with %s for keys, and repeats nothing of it", async (_what, file) => {
    const failure = await services.startWith(await file()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String((failure as Error).cause)).not.toMatch(/secret"|c2Vj/);
  });
});

interface KeySite {
  readonly url: string;
  readonly port: number;
  readonly asked: () => number;
  readonly close: () => Promise<void>;
}

/** A web site with the public keys. */
async function startKeySite(owners: readonly Keys["issuer"][], port = 0): Promise<KeySite> {
  let asked = 0;
  const site: Server = createServer((_request, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: owners.map(jwkOf) }));
  });
  site.listen(port, "127.0.0.1");
  await once(site, "listening");
  const address = site.address() as AddressInfo;
  const close = async (): Promise<void> => {
    site.closeAllConnections();
    await new Promise((closed) => void site.close(closed));
  };
  return { url: `http://127.0.0.1:${address.port}/keys`, port: address.port, asked: () => asked, close };
}
