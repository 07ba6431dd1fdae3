/** A service that has not been able to read the keys by which it tells callers: what it says, and how it goes on. */

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "../../shared/gen/health/v1/health_pb.ts";
import { startGatewayOf } from "../gateway/started.ts";
import { type Keys, token } from "../support/forged-tokens.ts";
import { keepLines } from "../support/kept-log.ts";
import type { Served } from "../support/pair.ts";
import { waitFor } from "../support/waits.ts";
import { type KeySite, startKeySite } from "./key-site.ts";
import { LIST_USERS, overGrpc, overHttp } from "./token-calls.ts";
import { prepareTokenServices, type TokenServices } from "./token-service.ts";

/** The pauses between two attempts grow to ten seconds. */
const BACK_MAX_MS = 60_000;

let services: TokenServices;
let keys: Keys;
/** Nobody is there until it is started once more. */
let site: KeySite;
const own: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  services = await prepareTokenServices();
  ({ keys } = services);
});
afterAll(() => services.drop());

beforeEach(async () => {
  site = await startKeySite([keys.issuer]);
  await site.close();
});
afterEach(async () => {
  for (const started of own.splice(0).toReversed()) await started.stop();
});

async function comeBack(): Promise<KeySite> {
  const back = await startKeySite([keys.issuer], site.port);
  own.push({ stop: () => back.close() });
  return back;
}

test.each(["AUTH_JWKS", "PEER_JWKS"])(
  "of %s: it runs, is not ready, and its log says why before anybody calls",
  async (name) => {
    const { log, lines } = keepLines("availability");
    const known = await services.keyFile("known.jwks", keys.issuer);
    const served = await services.startWith(known, { [name]: site.url, OPERATIONS_PORT: "0" }, log);
    own.push(served);
    await waitFor(() => expect(lines).toContainEqual(expect.objectContaining({ level: 50, keys: site.url })));
    expect(await probes(served)).toEqual({
      livez: 200,
      readyz: 503,
      liveness: Serving.SERVING,
      "": Serving.NOT_SERVING,
    });
    const back = await comeBack();
    const good = { livez: 200, readyz: 200, liveness: Serving.SERVING, "": Serving.SERVING };
    await waitFor(async () => expect(await probes(served)).toEqual(good), BACK_MAX_MS);
    expect(back.asked()).toBe(1);
  },
);

test("callers are told when to come again, by every door, and come in when the keys are there", async () => {
  const served = await services.startWith(site.url);
  const gateway = await startGatewayOf({ availability: served, booking: served });
  own.push(served, gateway);
  const good = await token(keys.issuer);
  const message = "access tokens cannot be verified at the moment";
  const ending = { code: "UNAVAILABLE", message, details: { "google.rpc.RetryInfo": { retryDelay: "1s" } } };
  expect(await overHttp(served, good)).toMatchObject(ending);
  expect(await overGrpc(served, good)).toMatchObject(ending);
  const headers = { authorization: `Bearer ${good}`, "content-type": "application/json" };
  for (const answer of [
    await fetch(served.connectUrl + LIST_USERS, { method: "POST", headers, body: "{}" }),
    await fetch(`${gateway.url}/users`, { headers }),
  ]) {
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.json()).toMatchObject({ message });
  }
  const back = await comeBack();
  await waitFor(async () => expect((await overHttp(served, good)).code).toBe("OK"), BACK_MAX_MS);
  expect(back.asked()).toBe(1);
});

async function probes({ operationsUrl, grpcAddress }: Served): Promise<object> {
  const health = createClient(Health, createGrpcTransport({ baseUrl: `http://${grpcAddress}` }));
  const page = async (name: string): Promise<number> => (await fetch(`${operationsUrl}/${name}`)).status;
  const told = async (service: string): Promise<Serving> => (await health.check({ service })).status;
  return {
    livez: await page("livez"),
    readyz: await page("readyz"),
    liveness: await told("liveness"),
    "": await told(""),
  };
}
