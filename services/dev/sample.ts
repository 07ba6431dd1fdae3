/** Something to try the services with: a host with weekly hours and a guest, made through the API like anybody's. */

import { type Timestamp, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { Role, type User } from "../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { DayOfWeek } from "../../shared/gen/google/type/dayofweek_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
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
const TIME_ZONE = "Europe/Berlin";
const WORKDAYS = [DayOfWeek.MONDAY, DayOfWeek.TUESDAY, DayOfWeek.WEDNESDAY, DayOfWeek.THURSDAY, DayOfWeek.FRIDAY];
/** Nine to five, with a lunch break. */
const HOURS = [
  { start: "09:00", end: "12:30" },
  { start: "13:30", end: "17:00" },
];
const SLOT_DURATION_MINUTES = 30;

/**
 * The oldest host and guest of the service at `availabilityUrl`; where there is none yet, one is made. The sample host is open
 * from Monday to Friday, nine to five with a lunch break, in Berlin's time, but not over Christmas: the next one after `now`
 * (milliseconds). `token` is an administrator's.
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
  const hostId = host.id;
  // Hours that somebody has changed since stay changed.
  const said = await availability.getWeeklyHours({ hostId });
  if (host.email === SAMPLE_HOST && said.weeklyHours.length === 0) {
    await availability.setWeeklyHours({
      hostId,
      timeZone: TIME_ZONE,
      ranges: WORKDAYS.flatMap((day) => HOURS.map((range) => ({ day, ...range }))),
      slotDurationMinutes: SLOT_DURATION_MINUTES,
    });
    await availability.removeAvailability({ hostId, ...nextChristmas(now) });
  }
  return { hostId, guestId: guest.id };
}

/** The host's first two slots that are free, or as many as there are. */
export async function firstOpenSlots(bookingUrl: string, token: string, hostId: string): Promise<OpenSlot[]> {
  const bookings = createClient(BookingService, transportTo(bookingUrl, token));
  const { slots } = await bookings.listOpenSlots({ hostId, pageSize: 2 });
  const text = (time: Timestamp | undefined): string => (time === undefined ? "" : timestampDate(time).toISOString());
  return slots.map(({ startTime, endTime }) => ({ startTime: text(startTime), endTime: text(endTime) }));
}

function transportTo(baseUrl: string, token: string): Transport {
  return createConnectTransport({ baseUrl, httpVersion: "2", interceptors: [bearer(async () => token)] });
}

/** From Christmas Eve to Boxing Day, in the host's time. */
function nextChristmas(now: number): { startTime: Timestamp; endTime: Timestamp } {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(TIME_ZONE);
  const thisYears = today.with({ month: 12, day: 24 }).startOfDay();
  const eve = Temporal.ZonedDateTime.compare(thisYears, today) < 0 ? thisYears.add({ years: 1 }) : thisYears;
  return {
    startTime: timestampFromMs(eve.epochMilliseconds),
    endTime: timestampFromMs(eve.add({ days: 3 }).epochMilliseconds),
  };
}
