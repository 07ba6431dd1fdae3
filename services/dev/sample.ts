/** Something to try the services with: a host with weekly hours and a guest, made through the API like anybody's. */

import { type Timestamp, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { Role, type User } from "../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { DayOfWeek } from "../../shared/gen/google/type/dayofweek_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { bearer, reasonOf } from "../../shared/rpc/client.ts";

export interface Sample {
  readonly hostId: string;
  readonly guestId: string;
  /** What an identity provider calls them: their external ids. */
  readonly subjects: { readonly host: string; readonly guest: string };
}

/** Times as JSON writes them. */
export interface OpenSlot {
  readonly startTime: string;
  readonly endTime: string;
}

interface SampleUser {
  readonly email: string;
  readonly externalId: string;
  readonly displayName: string;
  readonly role: Role;
}

const SAMPLE_HOST: SampleUser = {
  email: "host@example.com",
  externalId: "sample-host",
  displayName: "Sample Host",
  role: Role.HOST,
};
const SAMPLE_GUEST: SampleUser = {
  email: "guest@example.com",
  externalId: "sample-guest",
  displayName: "Sample Guest",
  role: Role.USER,
};
const TIME_ZONE = "Europe/Berlin";
const WORKDAYS = [DayOfWeek.MONDAY, DayOfWeek.TUESDAY, DayOfWeek.WEDNESDAY, DayOfWeek.THURSDAY, DayOfWeek.FRIDAY];
/** Nine to five, with a lunch break. */
const HOURS = [
  { start: "09:00", end: "12:30" },
  { start: "13:30", end: "17:00" },
];
const SLOT_DURATION_MINUTES = 30;

/**
 * The sample host and guest of the service at `availabilityUrl`; who is not there yet is made. The host is open from Monday to
 * Friday, nine to five with a lunch break, in Berlin's time, but not over Christmas: the next one after `now` (milliseconds).
 * `token` is an administrator's.
 */
export async function provideSample(availabilityUrl: string, token: string, now: number): Promise<Sample> {
  const transport = transportTo(availabilityUrl, token);
  const users = createClient(UserService, transport);
  const availability = createClient(AvailabilityService, transport);

  const host = await provideUser(users, SAMPLE_HOST);
  const guest = await provideUser(users, SAMPLE_GUEST);
  const hostId = host.id;
  // Hours that somebody has changed since stay changed.
  const said = await availability.getWeeklyHours({ hostId });
  if (said.weeklyHours.length === 0) {
    await availability.setWeeklyHours({
      hostId,
      timeZone: TIME_ZONE,
      ranges: WORKDAYS.flatMap((day) => HOURS.map((range) => ({ day, ...range }))),
      slotDurationMinutes: SLOT_DURATION_MINUTES,
    });
    await availability.removeAvailability({ hostId, ...nextChristmas(now) });
  }
  return { hostId, guestId: guest.id, subjects: { host: host.externalId, guest: guest.externalId } };
}

/** The user as it is: one whose external id somebody has changed since keeps that, and one without gets it. */
async function provideUser(users: Client<typeof UserService>, sample: SampleUser): Promise<User> {
  const { externalId, email } = sample;
  const found = (await lookedUp(users, { externalId })) ?? (await lookedUp(users, { email }));
  if (found !== undefined && found.externalId !== "") return found;
  const { user } =
    found === undefined
      ? await users.createUser(sample)
      : await users.updateUser({ userId: found.id, externalId, etag: found.etag });
  if (user === undefined) throw new Error("a user was stored and not returned");
  return user;
}

async function lookedUp(
  users: Client<typeof UserService>,
  by: { readonly email: string } | { readonly externalId: string },
): Promise<User | undefined> {
  try {
    return (await users.lookupUser(by)).user;
  } catch (error) {
    if (reasonOf(error) === "USER_NOT_FOUND") return undefined;
    throw error;
  }
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
