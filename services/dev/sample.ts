/** Something to try the services with: a host, a guest and open time, made through the API like anybody's. */

import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { Role, type User } from "../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { bearer } from "../../shared/rpc/client.ts";

export interface Sample {
  readonly hostId: string;
  readonly guestId: string;
}

/** Times as JSON writes them. */
export interface OpenSlot {
  readonly startTime: string;
  readonly endTime: string;
}

const SAMPLE_HOST = "host@example.com";
const SAMPLE_GUEST = "guest@example.com";
const OPEN_DAYS = 7;
const OPENS_MS = 9 * HOUR_MS;
const CLOSES_MS = 17 * HOUR_MS;
const SLOT_DURATION_MINUTES = 30;

/**
 * The oldest host and guest of the service at `availabilityUrl`; where there is none yet, one is made. The sample host is
 * open from 09:00 to 17:00 UTC on the seven days after `now` (milliseconds): asked for at every start, because the days
 * of an earlier one pass, and adding what is there changes nothing. `token` is an administrator's.
 */
export async function provideSample(availabilityUrl: string, token: string, now: number): Promise<Sample> {
  const transport = transportTo(availabilityUrl, token);
  const users = createClient(UserService, transport);
  const availability = createClient(AvailabilityService, transport);

  const oldest = async (role: Role, email: string, displayName: string): Promise<User> => {
    const found = (await users.listUsers({ role, pageSize: 1 })).users[0];
    const user = found ?? (await users.createUser({ email, displayName, role })).user;
    if (user === undefined) throw new Error("a user was created and not returned");
    return user;
  };

  const host = await oldest(Role.HOST, SAMPLE_HOST, "Sample Host");
  const guest = await oldest(Role.USER, SAMPLE_GUEST, "Sample Guest");
  if (host.email === SAMPLE_HOST) {
    for (const day of nextDays(now)) {
      await availability.addAvailability({
        hostId: host.id,
        startTime: timestampFromMs(day + OPENS_MS),
        endTime: timestampFromMs(day + CLOSES_MS),
        slotDurationMinutes: SLOT_DURATION_MINUTES,
      });
    }
  }
  return { hostId: host.id, guestId: guest.id };
}

/** The host's first slot that is free; undefined if there is none. */
export async function firstOpenSlot(bookingUrl: string, token: string, hostId: string): Promise<OpenSlot | undefined> {
  const bookings = createClient(BookingService, transportTo(bookingUrl, token));
  const slot = (await bookings.listOpenSlots({ hostId, pageSize: 1 })).slots[0];
  if (slot?.startTime === undefined || slot.endTime === undefined) return undefined;
  return { startTime: timestampDate(slot.startTime).toISOString(), endTime: timestampDate(slot.endTime).toISOString() };
}

function transportTo(baseUrl: string, token: string): Transport {
  return createConnectTransport({ baseUrl, httpVersion: "2", interceptors: [bearer(async () => token)] });
}

/** Midnights (UTC) of the days after the one that `now` is in. */
function nextDays(now: number): number[] {
  const today = now - (now % DAY_MS);
  return Array.from({ length: OPEN_DAYS }, (_, index) => today + (index + 1) * DAY_MS);
}
