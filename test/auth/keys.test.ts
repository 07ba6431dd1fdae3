/** Public keys that come and go, and those that a service does not start with. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { provideKeys } from "../../services/dev/keys.ts";
import { startKeySite } from "./key-site.ts";
import { overHttp } from "./token-calls.ts";
import { prepareTokenServices, type TokenServices } from "./token-service.ts";
import { type Keys, token } from "../support/forged-tokens.ts";
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

  test("at a URL: asked at the start, and not for every key that somebody makes up", async () => {
    const site = await startKeySite([keys.issuer]);
    const remote = await services.startWith(site.url);
    await waitFor(() => expect(site.asked()).toBe(1));
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
