/** Hosts, guests and open time, made through the API like anybody's. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Instant } from "../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import type { Clients } from "../support/clients.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { daily, hoursRequest } from "../support/weekly-hours.ts";
import {
  CLASS_SEATS,
  HOT_DAYS,
  HOT_SLOT_DURATION_MINUTES,
  LISTED_BOOKINGS,
  LISTED_CLOSES_MS,
  LISTED_OPENS_MS,
  OPEN_DAYS,
  type People,
  SLOT_DURATION_MINUTES,
} from "./slots.ts";

const HOSTS = 500;
const GUESTS = 100;
/** Enough to keep both services busy. */
const AT_ONCE = 16;

export interface World {
  /** Many hosts whose slots are booked once each. */
  readonly spread: People;
  /** One host with very many slots. */
  readonly hot: People;
  /** One host whose slots are fought over. */
  readonly fought: People;
  /** One host with classes of a thousand seats. */
  readonly classes: People;
  /** The host whose slots are listed: 90 days of 8 hours, 180 bookings. */
  readonly listedHostId: string;
  /** The same, open by weekly hours. */
  readonly hoursHostId: string;
}

/** `day`: midnight before the first open day, in the future. */
export async function makePeople(clients: Clients, day: Instant): Promise<World> {
  const guestIds = await times(GUESTS, () => createGuest(clients));
  const open = { start: day, end: day + OPEN_DAYS * DAY_MS };
  const hostIds = await times(HOSTS + 1, async () => {
    const hostId = await createHost(clients);
    await openTime(clients, hostId, open, SLOT_DURATION_MINUTES);
    return hostId;
  });
  const hotHostId = await createHost(clients);
  await openTime(clients, hotHostId, { start: day, end: day + HOT_DAYS * DAY_MS }, HOT_SLOT_DURATION_MINUTES);
  const teacherId = await createHost(clients);
  await openTime(clients, teacherId, open, SLOT_DURATION_MINUTES);
  await clients.availability.updateRules({ hostId: teacherId, seats: CLASS_SEATS });
  return {
    spread: { hostIds: hostIds.slice(1), guestIds, day },
    hot: { hostIds: [hotHostId], guestIds, day },
    fought: { hostIds: hostIds.slice(0, 1), guestIds, day },
    classes: { hostIds: [teacherId], guestIds, day },
    listedHostId: await listedHost(clients, guestIds[0] as string, day, async (hostId) => {
      for (let date = day; date < day + OPEN_DAYS * DAY_MS; date += DAY_MS) {
        const hours = { start: date + LISTED_OPENS_MS, end: date + LISTED_CLOSES_MS };
        await openTime(clients, hostId, hours, SLOT_DURATION_MINUTES);
      }
    }),
    hoursHostId: await listedHost(clients, guestIds[0] as string, day, async (hostId) => {
      const [start, end] = [LISTED_OPENS_MS, LISTED_CLOSES_MS].map((ms) => new Date(ms).toISOString().slice(11, 16));
      const ranges = daily(`${start}-${end}`);
      await clients.availability.setWeeklyHours(
        hoursRequest(hostId, ranges, { slotDurationMinutes: SLOT_DURATION_MINUTES }),
      );
    }),
  };
}

async function listedHost(
  clients: Clients,
  guestId: string,
  day: Instant,
  open: (hostId: string) => Promise<void>,
): Promise<string> {
  const hostId = await createHost(clients);
  await open(hostId);
  await times(LISTED_BOOKINGS, async (index) => {
    const date = day + Math.floor(index / 2) * DAY_MS;
    const start = date + LISTED_OPENS_MS + (index % 2 === 0 ? 3 : 9) * SLOT_DURATION_MINUTES * MINUTE_MS;
    const end = start + SLOT_DURATION_MINUTES * MINUTE_MS;
    await clients.bookings.createBooking({
      hostId,
      guestId,
      startTime: timestampFromMs(start),
      endTime: timestampFromMs(end),
    });
  });
  return hostId;
}

/** The results of `count` pieces of work, a few of them at a time. */
async function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
