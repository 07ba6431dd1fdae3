/**
 * EraseUser and all that a guest does with bookings at once, at two replicas of Booking, while processes of either service are killed
 * and started again: once an erasure is answered as complete, there is no name, nothing that was said, and nothing made, confirmed or
 * moved afterwards. The stage audits what is stored in the end. `ERASE_RACE_ROUNDS` sets how often.
 */

import { randomUUID } from "node:crypto";
import { env } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { openTime, tomorrow } from "../support/people.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { PRIVATE_WORDS } from "../support/secrets.ts";
import { timesOf } from "../support/times.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { START_MAX_MS, waitUntil } from "../support/waits.ts";
import { crashStage, endOf, persistently } from "./crash-stage.ts";

const ROUNDS = Number(env["ERASE_RACE_ROUNDS"] ?? 100);
/** Rounds that run at once, with one kill among them. */
const ROUNDS_PER_KILL = 20;
/** Of five creates, by two callers and one when the guest is erased, and of the moves behind them. */
const SLOTS_PER_ROUND = 10;
const SLOT_MINUTES = 30;
/** A kill comes at some moment of this time. When it does, decides nothing but which step it hits. */
const KILL_WITHIN_MS = 500;
const PATIENCE_MS = 60_000 + ROUNDS * 6_000;

const stage = crashStage();

let slots = 0;
function nextSlot(): Interval {
  const start = tomorrow(0) + slots * SLOT_MINUTES * MINUTE_MS;
  slots += 1;
  return { start, end: start + SLOT_MINUTES * MINUTE_MS };
}

async function somebody(): Promise<string> {
  const named = { email: `${PRIVATE_WORDS}.${randomUUID()}@example.com`, displayName: PRIVATE_WORDS };
  const { user } = await stage.clients.users.createUser({ ...named, role: Role.USER, externalId: randomUUID() });
  return user!.id;
}

type Bookings = Clients["bookings"];

/** A second replica of Booking, which is never killed. */
let replica: ServiceProcess;
let other: Bookings;
beforeAll(async () => {
  const { connectUrl } = stage.services.availability;
  replica = await startProcess("booking", { DATABASE_URL: stage.databaseUrls.booking, AVAILABILITY_URL: connectUrl });
  other = connectClients(connectUrl, replica.connectUrl, tokenSource(admin)).bookings;
});
afterAll(() => replica.stop());

interface Named {
  readonly bookingId: string;
  readonly requestId: string;
}

/** What may follow a create. */
const nexts: readonly ((bookings: Bookings, named: Named, times: ReturnType<typeof timesOf>) => Promise<unknown>)[] = [
  (bookings, named) => bookings.confirmBooking(named),
  (bookings, named) => bookings.cancelBooking({ ...named, reason: PRIVATE_WORDS }),
  (bookings, named, times) => bookings.rescheduleBooking({ ...named, ...times }),
];

/**
 * Holds time or books, and does something with it, until it is told yes or no, as a careful client does: each with one `request_id`.
 * Returns how the create ended, and, where it was accepted, what followed.
 */
async function book(guestId: string, number: number): Promise<string[]> {
  const said = { note: PRIVATE_WORDS, labels: { [PRIVATE_WORDS]: PRIVATE_WORDS }, externalId: randomUUID() };
  const next = nexts[number % nexts.length]!;
  const holdSeconds = next === nexts[0] ? 600 : 0;
  const request = {
    hostId: stage.hostId,
    guestId,
    ...timesOf(nextSlot()),
    ...said,
    holdSeconds,
    requestId: randomUUID(),
  };
  let bookingId = "";
  const replicas = number % 2 === 0 ? [stage.clients.bookings, other] : [other, stage.clients.bookings];
  const create = async (): Promise<void> => {
    bookingId = (await replicas[0]!.createBooking(request)).booking!.id;
  };
  const created = await persistently(() => endOf(create()));
  if (created !== "accepted") return [created];
  const requestId = randomUUID();
  const times = timesOf(nextSlot());
  return [created, await persistently(() => endOf(next(replicas[1]!, { bookingId, requestId }, times)))];
}

async function erase(userId: string): Promise<void> {
  const isComplete = async (): Promise<boolean> =>
    (await stage.clients.users.eraseUser({ userId }).catch(() => undefined))?.complete === true;
  await waitUntil(isComplete, START_MAX_MS);
}

/** What there is of a guest: how often something was booked with it, and how many rows say something. */
async function leftOf(guestId: string): Promise<{ readonly booked: number; readonly said: number }> {
  const { rows } = await stage.pools.booking.query<{ booked: number; said: number }>(
    `select (select count(*)::int from booking_events where guest_id = $1 and kind in ('HELD', 'CONFIRMED', 'RESCHEDULED')) as booked,
            (select count(*)::int from booking_events e where guest_id = $1 and e::text like $2)
              + (select count(*)::int from bookings b where guest_id = $1 and b::text like $2)
              + (select count(*)::int from requests where guest_id = $1) as said`,
    [guestId, `%${PRIVATE_WORDS}%`],
  );
  return rows[0]!;
}

/** Callers of a guest, each of whom books twice, the second time when the first has ended. */
const CALLERS = 2;

/**
 * A guest books and is erased at once: the erasure begins when so many of the creates have ended as the round's number says, down to
 * none. Returns how they ended.
 */
async function round(guestId: string, number: number): Promise<string[]> {
  const ends: string[] = [];
  const callers = Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let time = 0; time < 2; time += 1) ends.push(...(await book(guestId, number + caller + 2 * time)));
    }),
  );
  // What fails is told where it is waited for.
  callers.catch(() => undefined);
  await waitUntil(() => ends.length >= number % (CALLERS + 1), START_MAX_MS);
  await erase(guestId);
  const atAnswer = await leftOf(guestId);
  expect(atAnswer.said).toBe(0);
  await callers;
  expect(String(await book(guestId, number))).toMatch(/^(?:GUEST_DEACTIVATED|USER_NOT_FOUND)$/);
  expect(await leftOf(guestId)).toEqual(atAnswer);
  return ends;
}

test(
  `${ROUNDS} guests who book while they are erased leave nothing, whatever is killed meanwhile`,
  async () => {
    const days = Math.ceil(((ROUNDS * SLOTS_PER_ROUND * SLOT_MINUTES) / 60 / 24) * 1.1) + 1;
    await openTime(stage.clients, stage.hostId, { start: tomorrow(0), end: tomorrow(0) + days * DAY_MS }, SLOT_MINUTES);
    const ends: string[] = [];
    for (let done = 0; done < ROUNDS; done += ROUNDS_PER_KILL) {
      const guestIds = await Promise.all(Array.from({ length: Math.min(ROUNDS_PER_KILL, ROUNDS - done) }, somebody));
      const all = Promise.all(guestIds.map(round));
      all.catch(() => undefined);
      await pause(KILL_WITHIN_MS * Math.random());
      await stage.crash((done / ROUNDS_PER_KILL) % 2 === 0 ? "booking" : "availability");
      ends.push(...(await all).flat());
    }
    // The race is one: some come before the erasure, and some behind it.
    expect(new Set(ends)).toContain("accepted");
    expect([...new Set(ends)].some((end) => end !== "accepted")).toBe(true);
    const { rows } = await stage.pools.availability.query(
      `select count(*)::int as erased,
            count(*) filter (where email is not null or display_name is not null or external_id is not null)::int as named
     from users where state = 'ERASED'`,
    );
    expect(rows).toEqual([{ erased: ROUNDS, named: 0 }]);
  },
  PATIENCE_MS,
);
