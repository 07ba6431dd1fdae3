/** A client that watches a host's bookings and remembers all it was told. */

import type { Client } from "@connectrpc/connect";
import type { BookingService, WatchBookingsResponse } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { reasonOf } from "../../shared/rpc/client.ts";
import { waitUntil } from "./waits.ts";

export interface Watching {
  readonly messages: readonly WatchBookingsResponse[];
  /** Resolves, with the last message, when the stream has come to a sequence. */
  reaches(sequence: number): Promise<WatchBookingsResponse>;
  /** Resolves with how the stream ended: a reason, or the error where there is none. */
  readonly ended: Promise<unknown>;
  /** Drops the stream, as a client does that is gone. */
  leave(): void;
}

/** Begins to watch, and returns when the stream has said where it starts. Rejects if it ends before that. */
export async function watchBookings(
  bookings: Client<typeof BookingService>,
  hostId: string,
  afterSequence?: number,
): Promise<Watching> {
  const leaving = new AbortController();
  const messages: WatchBookingsResponse[] = [];
  const request = { hostId, ...(afterSequence === undefined ? {} : { afterSequence: BigInt(afterSequence) }) };
  const stream = bookings.watchBookings(request, { signal: leaving.signal })[Symbol.asyncIterator]();
  const first = await stream.next();
  if (first.done !== true) messages.push(first.value);
  const read = async (): Promise<unknown> => {
    try {
      for (let next = await stream.next(); next.done !== true; next = await stream.next()) messages.push(next.value);
      return "the end";
    } catch (error) {
      return reasonOf(error) ?? error;
    }
  };
  return {
    messages,
    ended: read(),
    reaches: (sequence) => waitUntil(() => messages.find((message) => message.sequence >= BigInt(sequence))),
    leave: () => leaving.abort(),
  };
}

/** The sequences of the events that were told, in the order in which they were. */
export function sequencesOf(messages: readonly WatchBookingsResponse[]): number[] {
  return messages.flatMap(({ event }) => (event === undefined ? [] : [Number(event.sequence)]));
}
