/** Watchers who go on where they were whenever their stream ends. */

import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { create, fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  BookingService,
  WatchBookingsRequestSchema,
  type WatchBookingsResponse,
  WatchBookingsResponseSchema,
} from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { admin, authorizationOf, tokenSource } from "../support/tokens.ts";
import type { Caller } from "./callers.ts";
import type { GatewayClient } from "./gateway-door.ts";

/** The messages of one stream. Throws `Unavailable` where the service says UNAVAILABLE. */
export type Stream = (hostId: string, afterSequence: bigint) => AsyncIterable<WatchBookingsResponse>;

export interface Watcher {
  /** Who makes the changes that it sees. */
  readonly of: Caller;
  readonly sequences: readonly number[];
  readonly failures: readonly string[];
  /** How often it began anew. */
  readonly again: () => number;
}

class Unavailable extends Error {}

export function connectStream(port: number): Stream {
  const transport = peerTransport(`http://127.0.0.1:${port}`, { token: tokenSource(admin) });
  const client = createClient(BookingService, transport);
  return async function* messages(hostId, afterSequence) {
    try {
      yield* client.watchBookings({ hostId, afterSequence });
    } catch (error) {
      throw ConnectError.from(error).code === Code.Unavailable ? new Unavailable() : error;
    }
  };
}

export function grpcStream(channel: Client): Stream {
  const { input, parent, name } = BookingService.method.watchBookings;
  return async function* messages(hostId, afterSequence) {
    const metadata = new Metadata();
    metadata.set("authorization", (await authorizationOf(admin)).authorization);
    const stream = channel.makeServerStreamRequest(
      `/${parent.typeName}/${name}`,
      (message: object) => Buffer.from(toBinary(input, message as never)),
      (bytes) => fromBinary(WatchBookingsResponseSchema, bytes),
      create(WatchBookingsRequestSchema, { hostId, afterSequence }),
      metadata,
    );
    try {
      for await (const message of stream) yield message as WatchBookingsResponse;
    } catch (error) {
      throw (error as ServiceError).code === status.UNAVAILABLE ? new Unavailable() : error;
    } finally {
      stream.cancel();
    }
  };
}

export function gatewayStream(client: GatewayClient): Stream {
  return async function* messages(hostId, afterSequence) {
    const answer = await client.open(`/bookings:watch?hostId=${hostId}&afterSequence=${afterSequence}`);
    for await (const line of createInterface({ input: answer })) {
      const said = JSON.parse(line) as Record<string, JsonValue>;
      const failure = answer.statusCode === 200 ? said["error"] : said;
      if (failure === undefined) yield fromJson(WatchBookingsResponseSchema, said);
      else if ((failure as { code?: number }).code === status.UNAVAILABLE) throw new Unavailable();
      else throw new Error(line);
    }
  };
}

/** Watches until `leaving`. */
export function startWatcher(of: Caller, stream: Stream, hostId: string, leaving: AbortSignal): Watcher {
  const [sequences, failures]: [number[], string[]] = [[], []];
  let again = -1;
  const work = async (): Promise<void> => {
    while (!leaving.aborted) {
      again += 1;
      try {
        for await (const { event } of stream(hostId, BigInt(sequences.at(-1) ?? 0))) {
          if (event !== undefined) sequences.push(Number(event.sequence));
        }
      } catch (error) {
        if (!(error instanceof Unavailable)) failures.push(`watch of ${of.name}: ${String(error)}`);
        await pause(50);
      }
    }
  };
  void work();
  return { of, sequences, failures, again: () => again };
}
