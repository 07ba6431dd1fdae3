/** TLS, and mutual TLS, on every port and between the services. */

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { env } from "node:process";
import { promisify } from "node:util";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { type Certificate, hasOpenssl, makeAuthority, makeCertificate, presented } from "../support/certificates.ts";
import { type Clients, clientsOver } from "../support/clients.ts";
import { type Pair, type Served, startBookingService, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { admin, tokenSource } from "../support/tokens.ts";

type Options = Awaited<ReturnType<typeof presented>>;

/** How a client may reach a service, with what it presents and trusts. */
const doors: Readonly<Record<string, (served: Served, nodeOptions: Options) => Transport>> = {
  gRPC: ({ grpcAddress }, nodeOptions) =>
    createGrpcTransport({ baseUrl: `https://${grpcAddress}`, nodeOptions, interceptors }),
  "Connect over HTTP/1.1": ({ connectUrl }, nodeOptions) =>
    createConnectTransport({ baseUrl: secure(connectUrl), httpVersion: "1.1", nodeOptions, interceptors }),
  "Connect over HTTP/2": ({ connectUrl }, nodeOptions) =>
    createConnectTransport({ baseUrl: secure(connectUrl), httpVersion: "2", nodeOptions, interceptors }),
};
const interceptors = [bearer(tokenSource(admin))];

describe.skipIf(!hasOpenssl())(
  "with certificates (made by the program openssl, without which none of this is tested)",
  () => {
    let folder: string;
    let authority: Certificate;
    let clientAuthority: Certificate;
    let server: Certificate;
    let client: Certificate;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "slotwright-tls-"));
      authority = await makeAuthority(folder, "authority");
      server = await makeCertificate(folder, "server", authority);
      clientAuthority = await makeAuthority(folder, "client-authority");
      client = await makeCertificate(folder, "client", clientAuthority);
    });

    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    describe("TLS", () => {
      let pair: Pair;

      beforeAll(async () => {
        pair = await startSecurePair({ TLS_CERT: server.cert, TLS_KEY: server.key, PEER_CA: authority.cert });
      });
      afterAll(async () => pair.stop());

      test.each(Object.keys(doors))("a whole booking is made by %s, both services asking each other", async (door) => {
        const clients = through(door, pair, await presented(authority));
        expect(await bookAndFence(clients)).toEqual(["accepted", "AVAILABILITY_BOOKED"]);
      });

      test.each(Object.keys(doors))("whoever does not know the authority does not talk by %s", async (door) => {
        const { users } = through(door, pair, await presented(clientAuthority));
        await expect(users.listUsers({}, { timeoutMs: 20_000 })).rejects.toThrow(/certificate/);
      });

      test("a connection that never begins its handshake does not hold the end of a service up", async () => {
        const own = { TLS_CERT: server.cert, TLS_KEY: server.key };
        const replica = await startBookingService(pair.booking.databaseUrl, own);
        const ports = [replica.grpcAddress, replica.connectUrl].map((address) => Number(/\d+$/.exec(address)?.[0]));
        const sockets = ports.map((port) => connectTcp(port, "127.0.0.1"));
        await Promise.all(sockets.map((socket) => once(socket, "connect")));
        const begun = performance.now();
        await replica.stop();
        expect(performance.now() - begun).toBeLessThan(DRAIN_GRACE_MS);
      });

      test("nobody is answered in plain text", async () => {
        await expect(fetch(pair.availability.connectUrl)).rejects.toThrow("fetch failed");
        await expect(fetch(`http://${pair.availability.grpcAddress}`)).rejects.toThrow("fetch failed");
      });

      test("a service that does not know its peer's authority does not ask it", async () => {
        const stranger = await startBookingService(pair.booking.databaseUrl, {
          AVAILABILITY_URL: secure(pair.availability.connectUrl),
        });
        const clients = through("Connect over HTTP/2", pair, await presented(authority));
        const { bookings } = clientsOver(
          createConnectTransport({ baseUrl: stranger.connectUrl, httpVersion: "2", interceptors }),
          createConnectTransport({ baseUrl: stranger.connectUrl, httpVersion: "2", interceptors }),
        );
        const hostId = await createHost(clients);
        expect(await outcomeOf(bookings.listOpenSlots({ hostId }))).toBe("PEER_UNAVAILABLE");
        await stranger.stop();
      });
    });

    describe("mutual TLS", () => {
      let pair: Pair;
      let own: Readonly<Record<string, string>>;

      beforeAll(async () => {
        // The services' own certificates are of the same authority as their clients' here, and serve for both.
        const both = await makeCertificate(folder, "service", clientAuthority);
        own = {
          TLS_CERT: both.cert,
          TLS_KEY: both.key,
          TLS_CLIENT_CA: clientAuthority.cert,
          PEER_CA: clientAuthority.cert,
        };
        pair = await startSecurePair(own);
      });
      afterAll(async () => pair.stop());

      test.each(Object.keys(doors))("with a certificate a whole booking is made by %s", async (door) => {
        const clients = through(door, pair, await presented(clientAuthority, client));
        expect(await bookAndFence(clients)).toEqual(["accepted", "AVAILABILITY_BOOKED"]);
      });

      test.each(Object.keys(doors))(
        "without a certificate, or with a stranger's, nobody gets in by %s",
        async (door) => {
          const stranger = await makeCertificate(folder, "stranger", authority);
          for (const options of [await presented(clientAuthority), await presented(clientAuthority, stranger)]) {
            const { users } = through(door, pair, options);
            await expect(users.listUsers({}, { timeoutMs: 20_000 })).rejects.toThrow(
              /unavailable|certificate|internal|aborted|canceled/i,
            );
          }
          const { users } = through(door, pair, await presented(clientAuthority, client));
          expect((await users.listUsers({})).users.length).toBeGreaterThanOrEqual(0);
        },
      );

      test("the health check of a container gets in", async () => {
        const probe = resolve(import.meta.dirname, "../../services/ops/health/main.ts");
        const port = pair.booking.grpcAddress.split(":")[1] ?? "";
        const run = promisify(execFile)(process.execPath, [probe], { env: { ...env, ...own, GRPC_PORT: port } });
        await expect(run).resolves.toBeDefined();
      });
    });
  },
);

/** A pair that speaks TLS. Its addresses still say `http://`: see `secure`. */
async function startSecurePair(tls: Readonly<Record<string, string>>): Promise<Pair> {
  const [availabilityPort, bookingPort] = [await freePort(), await freePort()];
  return startPair({
    availability: {
      ...tls,
      CONNECT_PORT: String(availabilityPort),
      BOOKING_URL: `https://127.0.0.1:${bookingPort}`,
    },
    booking: { ...tls, CONNECT_PORT: String(bookingPort), AVAILABILITY_URL: `https://127.0.0.1:${availabilityPort}` },
  });
}

function secure(url: string): string {
  return url.replace(/^http:/, "https:");
}

function through(door: string, pair: Pair, options: Options): Clients {
  const open = doors[door]!;
  return clientsOver(open(pair.availability, options), open(pair.booking, options));
}

/** How that ends which takes calls in both directions: Booking asks for availability, a removal asks for bookings. */
async function bookAndFence(clients: Clients): Promise<string[]> {
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  await openTime(clients, hostId, { start: tomorrow(8), end: tomorrow(9) });
  const times = { startTime: timestampFromMs(tomorrow(8)), endTime: timestampFromMs(tomorrow(8) + HOUR_MS) };
  return [
    await outcomeOf(clients.bookings.createBooking({ hostId, guestId, ...times })),
    await outcomeOf(clients.availability.removeAvailability({ hostId, ...times })),
  ];
}
