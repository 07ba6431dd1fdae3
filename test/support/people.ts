/** Hosts, guests and their time, made through the API. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import type { Instant, Interval } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import type { Clients } from "./clients.ts";

/** Creates a host and returns its id. */
export async function createHost(clients: Pick<Clients, "users">): Promise<string> {
  return createUser(clients, Role.HOST);
}

/** Creates a guest and returns its id. */
export async function createGuest(clients: Pick<Clients, "users">): Promise<string> {
  return createUser(clients, Role.USER);
}

/** Makes a host bookable in `during`. */
export async function openTime(
  clients: Pick<Clients, "availability">,
  hostId: string,
  during: Interval,
  slotDurationMinutes = 30,
): Promise<void> {
  await clients.availability.addAvailability({
    hostId,
    startTime: timestampFromMs(during.start),
    endTime: timestampFromMs(during.end),
    slotDurationMinutes,
  });
}

/** The first day that is still ahead, by an hour at least. Fixed once: a test that midnight comes upon goes on with its day. */
const DAY_AHEAD = Math.ceil((Date.now() + HOUR_MS) / DAY_MS) * DAY_MS;

/** An instant of tomorrow (UTC), such as `tomorrow(9, 30)`; later days by more hours. */
export function tomorrow(hours: number, minutes = 0): Instant {
  return DAY_AHEAD + hours * HOUR_MS + minutes * MINUTE_MS;
}

async function createUser(clients: Pick<Clients, "users">, role: Role): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  const { user } = await clients.users.createUser({ email, displayName: "Somebody", role });
  if (user === undefined) throw new Error("a user was created and not returned");
  return user.id;
}
