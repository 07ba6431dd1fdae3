/** The gateway between two encrypted worlds: TLS to its callers, mutual TLS to the services. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { HEADERS_TIMEOUT_MS } from "../../shared/rpc/wire/limits.ts";
import { type Certificate, hasOpenssl, makeAuthority, makeCertificate, presented } from "../support/certificates.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

test("half a certificate is refused at start", () => {
  expect(() => gatewayConfig({ TLS_CERT: "cert.pem" })).toThrow("TLS_CERT and TLS_KEY must be set together");
  expect(() => gatewayConfig({ PEER_CA: "ca.pem", AVAILABILITY_URL: "https://a.example" })).toThrow(
    "PEER_CA must be left out",
  );
});

describe.skipIf(!hasOpenssl())(
  "with certificates (made by the program openssl, without which none of this is tested)",
  () => {
    let folder: string;
    let pair: Pair;
    let authority: Certificate;
    let server: Certificate;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "slotwright-gateway-tls-"));
      authority = await makeAuthority(folder, "authority");
      server = await makeCertificate(folder, "server", authority);
      const settings = { TLS_CERT: server.cert, TLS_KEY: server.key, TLS_CLIENT_CA: authority.cert };
      pair = await startPair({ availability: settings, booking: settings });
    });
    afterAll(async () => {
      await pair.stop();
      await rm(folder, { recursive: true });
    });

    /** `GET /users`, by a client that trusts the authority. */
    async function listUsers(gateway: GatewayUnderTest): Promise<{ status: number | undefined; body: string }> {
      const { ca } = await presented(authority);
      const url = `${gateway.url.replace("http:", "https:")}/users`;
      const call = request(url, { ca, agent: false, headers: await authorizationOf(admin) });
      call.end();
      const [answer] = (await once(call, "response")) as [IncomingMessage];
      return { status: answer.statusCode, body: await text(answer) };
    }

    function startSecureGateway(environment: Readonly<Record<string, string>>): Promise<GatewayUnderTest> {
      return startGatewayOf(pair, {
        TLS_CERT: server.cert,
        TLS_KEY: server.key,
        AVAILABILITY_URL: pair.availability.connectUrl.replace("http:", "https:"),
        BOOKING_URL: pair.booking.connectUrl.replace("http:", "https:"),
        ...environment,
      });
    }

    test("a call goes through both", async () => {
      const gateway = await startSecureGateway({ PEER_CA: authority.cert });
      expect(await listUsers(gateway)).toEqual({ status: 200, body: "{}" });
      await expect(fetch(`${gateway.url}/users`)).rejects.toThrow("fetch failed");
      await gateway.stop();
    });

    test("a connection that never begins its handshake does not hold the end of the gateway up", async () => {
      const gateway = await startSecureGateway({ PEER_CA: authority.cert });
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      await once(socket, "connect");
      const closed = once(socket, "close");
      // The server has it too.
      expect(await listUsers(gateway)).toMatchObject({ status: 200 });
      // The handshake's own limit is longer.
      expect(await Promise.race([gateway.stop().then(() => "ended"), pause(HEADERS_TIMEOUT_MS - 1000, "waits")])).toBe(
        "ended",
      );
      await closed;
    });

    test("a service whose certificate nobody vouches for is not talked to", async () => {
      const gateway = await startSecureGateway({});
      const { status, body } = await listUsers(gateway);
      expect(status).toBeGreaterThanOrEqual(500);
      expect(body).not.toContain("certificate");
      await gateway.stop();
    });
  },
);
