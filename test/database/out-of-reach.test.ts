/** What each call is answered while its service's database is out of reach: BUSY, which says that nothing was changed. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { Role, UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import type { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import type { Clients } from "../support/clients.ts";
import { hours } from "../support/hosts-time.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/refusals.ts";
import { service } from "../support/tokens.ts";

let databases: TestDatabase[];
let links: Link[];
let pair: Pair;
let asBooking: Clients;
let asAvailability: Clients;

beforeAll(async () => {
  const [availability, booking] = await Promise.all([createDatabase("availability"), createDatabase("booking")]);
  databases = [availability, booking];
  links = await Promise.all(databases.map(({ url }) => startLink(url)));
  const [availabilityUrl = "", bookingUrl = ""] = databases.map(({ url }, index) => {
    const through = new URL(url);
    through.host = new URL(links[index]!.url).host;
    return through.href;
  });
  pair = await startPair({ databases: { availability: availabilityUrl, booking: bookingUrl } });
  asBooking = pair.clientsOf(service("booking"));
  asAvailability = pair.clientsOf(service("availability"));
  for (const link of links) link.set("cut");
});

afterAll(async () => {
  for (const link of links) link.set("open");
  await pair.stop();
  await Promise.all(links.map((link) => link.close()));
  await Promise.all(databases.map((database) => database.drop()));
});

const [hostId, guestId, bookingId, userId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const range = { startTime: timestampFromMs(hours(8, 9).start), endTime: timestampFromMs(hours(8, 9).end) };
const slots = { slotDurationMinutes: 30 };

/** One call of each method. Streams are not among them: they go on when the database is back. */
type Unary<Methods> = Record<Exclude<keyof Methods, "watchBookings">, (requestId: string) => Promise<unknown>>;

const users: Unary<typeof UserService.method> = {
  createUser: () => pair.clients.users.createUser({ email: "a@example.com", displayName: "A", role: Role.HOST }),
  getUser: () => pair.clients.users.getUser({ userId }),
  listUsers: () => pair.clients.users.listUsers({}),
  lookupUser: () => pair.clients.users.lookupUser({ externalId: "somebody" }),
  resolveSubject: () => asBooking.users.resolveSubject({ subject: "somebody" }),
  updateUser: () => pair.clients.users.updateUser({ userId, displayName: "B" }),
  deactivateUser: () => pair.clients.users.deactivateUser({ userId }),
  reactivateUser: () => pair.clients.users.reactivateUser({ userId }),
  eraseUser: () => pair.clients.users.eraseUser({ userId }),
};
const availability: Unary<typeof AvailabilityService.method> = {
  addAvailability: (requestId) => pair.clients.availability.addAvailability({ hostId, ...range, ...slots, requestId }),
  removeAvailability: (requestId) => pair.clients.availability.removeAvailability({ hostId, ...range, requestId }),
  setWeeklyHours: (requestId) =>
    pair.clients.availability.setWeeklyHours({ hostId, timeZone: "UTC", ranges: [], ...slots, requestId }),
  getWeeklyHours: () => pair.clients.availability.getWeeklyHours({ hostId }),
  restoreWeeklyHours: (requestId) => pair.clients.availability.restoreWeeklyHours({ hostId, ...range, requestId }),
  listExceptions: () => pair.clients.availability.listExceptions({ hostId }),
  listAvailability: () => pair.clients.availability.listAvailability({ hostId }),
  getRules: () => pair.clients.availability.getRules({ hostId }),
  updateRules: (requestId) => pair.clients.availability.updateRules({ hostId, seats: 1, requestId }),
  snapshotAvailability: () => asBooking.availability.snapshotAvailability({ hostId, ...range }),
};
const bookings: Unary<typeof BookingService.method> = {
  listOpenSlots: () => pair.clients.bookings.listOpenSlots({ hostId, ...range }),
  createBooking: (requestId) => pair.clients.bookings.createBooking({ hostId, guestId, ...range, requestId }),
  confirmBooking: (requestId) => pair.clients.bookings.confirmBooking({ bookingId, requestId }),
  cancelBooking: (requestId) => pair.clients.bookings.cancelBooking({ bookingId, requestId }),
  rescheduleBooking: (requestId) => pair.clients.bookings.rescheduleBooking({ bookingId, ...range, requestId }),
  getBooking: () => pair.clients.bookings.getBooking({ bookingId }),
  listBookings: () => pair.clients.bookings.listBookings({ hostId }),
};
const fence: Unary<typeof FenceService.method> = {
  fenceHost: () => asAvailability.fence.fenceHost({ hostId, ranges: [range] }),
  fenceUser: () => asAvailability.fence.fenceUser({ userId: guestId, state: UserState.ERASED, version: 2n }),
  hasGuest: () => asAvailability.fence.hasGuest({ hostId, guestId }),
};

describe.each(Object.entries({ ...users, ...availability, ...bookings, ...fence }))("%s", (_method, call) => {
  test.each([
    ["without a request_id", ""],
    ["with one", randomUUID()],
  ])("%s", async (_what, requestId) => {
    expect(await outcomeOf(call(requestId))).toBe("BUSY");
  });
});
