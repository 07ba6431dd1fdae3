/** A pair, a gateway before it, a host whose tomorrow can be booked, and a guest. */

import type { Instant } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { type Called, type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";

/** The request of the seed to the letter, but for the id. */
export const SEED = { startTime: "2025-01-01T10:00:00Z", endTime: "2025-01-01T13:00:00Z", slotDuration: 30 };

/** A time as JSON writes it. */
export function time(instant: Instant): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

export interface Slot {
  readonly hostId: string;
  readonly guestId: string;
  readonly startTime: string;
  readonly endTime: string;
}

export interface Bookable {
  readonly pair: Pair;
  readonly gateway: GatewayUnderTest;
  readonly hostId: string;
  readonly guestId: string;
  /** The slot that starts at an hour of tomorrow, from 8 to 17, as a request to book it. */
  slot(hour: number): Slot;
  /** The booking of such a slot. */
  booked(hour: number, more?: object): Promise<Called["body"]>;
  stop(): Promise<void>;
}

export async function startBookable(): Promise<Bookable> {
  const pair = await startPair();
  const gateway = await startGatewayOf(pair);
  const hostId = await createHost(pair.clients);
  const guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(18) });
  const slot = (hour: number): Slot => {
    return { hostId, guestId, startTime: time(tomorrow(hour)), endTime: time(tomorrow(hour) + HOUR_MS / 2) };
  };
  return {
    pair,
    gateway,
    hostId,
    guestId,
    slot,
    async booked(hour, more = {}) {
      const { body } = await gateway.call("POST", "/bookings", { body: { ...slot(hour), ...more } });
      return body["booking"]!;
    },
    async stop() {
      await gateway.stop();
      await pair.stop();
    },
  };
}
