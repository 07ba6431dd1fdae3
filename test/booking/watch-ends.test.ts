/** How streams of WatchBookings end: with their client, their reader's patience, or their service. */

import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bookingConfig } from "../../services/booking/config.ts";
import { startBooking } from "../../services/booking/service.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { type Pair, startPair, variables } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { storeEvents } from "../support/stored-events.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { watchBookings } from "../support/watching.ts";
import { waitUntil } from "../support/waits.ts";

let pair: Pair;
let pool: Pool;
let hostId: string;

beforeAll(async () => {
  pair = await startPair();
  pool = poolOf(pair.booking.databaseUrl);
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
});

const interceptors = [bearer(tokenSource(admin))];

describe("a stream ends", () => {
  /** A replica of its own, with its log. */
  async function startLogged(readerStallMaxMs = 60_000) {
    const lines: string[] = [];
    const config = bookingConfig({
      ...(await variables("booking", pair.booking.databaseUrl)),
      AVAILABILITY_URL: pair.availability.connectUrl,
    });
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const running = await startBooking(config, log, { feedTimes: { readerStallMaxMs } });
    const clients = {
      connect: createConnectTransport({
        baseUrl: `http://127.0.0.1:${running.connectPort}`,
        httpVersion: "2",
        interceptors,
      }),
      grpc: createGrpcTransport({ baseUrl: `http://127.0.0.1:${running.grpcPort}`, interceptors }),
    };
    return {
      lines,
      running,
      clientBy: (protocol: "connect" | "grpc") => createClient(BookingService, clients[protocol]),
    };
  }

  describe.each(["connect", "grpc"] as const)("over %s", (protocol) => {
    test("in the service too, when its client is gone", async () => {
      const { lines, running, clientBy } = await startLogged();
      const watching = await watchBookings(clientBy(protocol), hostId);
      watching.leave();
      await watching.ended;
      const line = await waitUntil(() => lines.find((each) => each.includes("WatchBookings")));
      expect(line).toContain('"code":"CANCELLED"');
      await running.stop();
    });

    test("at once when the service stops, and not at the end of its grace", async () => {
      const { running, clientBy } = await startLogged();
      const streams = await Promise.all(Array.from({ length: 20 }, () => watchBookings(clientBy(protocol), hostId)));
      const stopped = running.stop();
      const begun = performance.now();
      const ends = await Promise.all(streams.map((watching) => watching.ended));
      expect(performance.now() - begun).toBeLessThan(DRAIN_GRACE_MS);
      expect(new Set(ends.map(String))).toEqual(new Set(["ConnectError: [unavailable] the service is stopping"]));
      await stopped;
    });

    test("when the service stops though its client has stopped reading, and does not hold the service up", async () => {
      const { running, clientBy } = await startLogged();
      const stream = clientBy(protocol).watchBookings({ hostId })[Symbol.asyncIterator]();
      await stream.next();
      await running.stop();
      await expect(stream.next()).rejects.toThrow(/unavailable|aborted|closed/);
    });

    test("in the service too, when its client stays and never reads again", async () => {
      await storeEvents(pool, hostId, 5000);
      const { lines, running, clientBy } = await startLogged(250);
      const stream = clientBy(protocol).watchBookings({ hostId, afterSequence: 0n })[Symbol.asyncIterator]();
      await stream.next();
      const line = await waitUntil(() => lines.find((each) => each.includes("WatchBookings")));
      expect(line).toContain('"reason":"WATCH_LAGGED"');
      await running.stop();
    });

    test("with WATCH_LAGGED when it is read too slowly, and can be resumed without a gap", async () => {
      const COUNT = 5000;
      await storeEvents(pool, hostId, COUNT);
      const { lines, running, clientBy } = await startLogged(250);
      const client = clientBy(protocol);
      const seen: number[] = [];
      let lagged = 0;
      while (seen.length < COUNT) {
        const stream = client.watchBookings({ hostId, afterSequence: BigInt(seen.length) });
        const read = async (): Promise<void> => {
          for await (const { event } of stream) {
            if (event !== undefined) seen.push(Number(event.sequence));
            if (seen.length === COUNT) return;
            // It stops reading, once, until the service has noticed: what it sent has filled all buffers.
            if (lagged === 0 && seen.length === 1) {
              await waitUntil(() => lines.some((line) => line.includes("WATCH_LAGGED")));
            }
          }
        };
        const end = await outcomeOf(read());
        if (end === "WATCH_LAGGED") lagged += 1;
        else expect(seen).toHaveLength(COUNT);
      }
      expect(lagged).toBeGreaterThan(0);
      expect(seen).toEqual(seen.map((_, index) => index + 1));
      await running.stop();
    });
  });
});
