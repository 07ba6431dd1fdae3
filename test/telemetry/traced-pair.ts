/** A pair and a gateway that send their traces to a collector, and calls with a trace of their caller's. */

import { randomBytes } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import type { SentSpan } from "../../services/dev/traces/otlp.ts";
import { branchesOf, titleOf } from "../../services/dev/traces/tree.ts";
import { type GatewayUnderTest, startGatewayOf } from "../gateway/started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { type Collector, startCollector } from "./collector.ts";

export interface TracedPair {
  readonly collector: Collector;
  readonly pair: Pair;
  readonly gateway: GatewayUnderTest;
  /** Ends the processes, which sends what has not been sent. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

/** `sampled`: OTEL_TRACES_SAMPLER_ARG. `more`: other variables of both services. */
export async function startTracedPair(
  sampled: number,
  more: Readonly<Record<string, string>> = {},
): Promise<TracedPair> {
  const collector = await startCollector();
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: String(sampled) };
  const pair = await startPair({ availability: { ...environment, ...more }, booking: { ...environment, ...more } });
  const gateway = await startGatewayOf(pair, environment);
  return {
    collector,
    pair,
    gateway,
    async end() {
      await gateway.stop();
      await pair.availability.stop();
      await pair.booking.stop();
    },
    async stop() {
      await gateway.stop();
      await pair.stop();
      await collector.close();
    },
  };
}

/** A caller's own span, as its headers name it. */
export interface CallersSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly headers: { readonly traceparent: string };
}

export function callersSpan(flags: "00" | "01" = "01"): CallersSpan {
  const [traceId, spanId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

export const doors = ["gRPC", "Connect over HTTP/1.1", "Connect over HTTP/2", "JSON"] as const;
export type DoorName = (typeof doors)[number];

/** Makes a host with a guest, and books by a door. A new host and guest, so that Availability must be asked. */
export async function book(
  { pair, gateway }: Pick<TracedPair, "pair" | "gateway">,
  door: DoorName,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(18) });
  const [start, end] = [tomorrow(9), tomorrow(9) + HOUR_MS / 2];
  if (door === "JSON") {
    const body = { hostId, guestId, startTime: new Date(start), endTime: new Date(end) };
    const { status, text } = await gateway.call("POST", "/bookings", { body, headers });
    if (status !== 201) throw new Error(`${status}: ${text}`);
    return;
  }
  const interceptors = [bearer(tokenSource(admin))];
  const { connectUrl: baseUrl, grpcAddress } = pair.booking;
  const transport =
    door === "gRPC"
      ? createGrpcTransport({ baseUrl: `http://${grpcAddress}`, interceptors })
      : createConnectTransport({ baseUrl, httpVersion: door.endsWith("2") ? "2" : "1.1", interceptors });
  const request = { hostId, guestId, startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
  await createClient(BookingService, transport).createBooking(request, { headers });
}

/** The spans of a trace below each other: `gateway SERVER booking.v1…`, two blanks deeper for each level. */
export function treeOf(spans: readonly SentSpan[]): string[] {
  return branchesOf(spans).map(({ span, depth }) => `${"  ".repeat(depth)}${titleOf(span)}`);
}
