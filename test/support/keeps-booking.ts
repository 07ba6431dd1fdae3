/** Callers who book and cancel all the time, and come back with the same request where the answer is missing. */

import { randomUUIDv7 } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import type { Clients } from "./clients.ts";
import { tomorrow } from "./people.ts";

export interface KeepsBooking {
  /** Ids of the bookings that callers were told of, in the order in which they were. */
  readonly confirmed: readonly string[];
  /** Resolves when the last calls have been answered. */
  stop(): Promise<void>;
}

const CALLERS = 4;
const PAUSE_MS = 20;

/** Each caller takes a half hour of its own after another, from tomorrow on. The host must have open time for years. */
export function keepBooking({ bookings }: Clients, hostId: string, guestId: string): KeepsBooking {
  const confirmed: string[] = [];
  let stopping = false;

  async function book(slot: number): Promise<void> {
    const start = tomorrow(0) + slot * 30 * MINUTE_MS;
    const [startTime, endTime] = [timestampFromMs(start), timestampFromMs(start + HOUR_MS / 2)];
    const request = { hostId, guestId, startTime, endTime, requestId: randomUUIDv7() };
    for (;;) {
      try {
        const { booking } = await bookings.createBooking(request, { timeoutMs: 10_000 });
        confirmed.push(booking!.id);
        return;
      } catch {
        await new Promise((waited) => void setTimeout(waited, PAUSE_MS));
      }
    }
  }

  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let slot = caller; !stopping; slot += CALLERS) await book(slot);
  });
  return {
    confirmed,
    async stop() {
      stopping = true;
      await Promise.all(callers);
    },
  };
}
