/** Several callers at once, at two replicas of each service, with a checker over what they were told and what is stored. */

import * as fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import { reasonOf } from "../../shared/rpc/client.ts";
import type { Clients } from "../support/clients.ts";
import { createGuest, createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { type ReplicatedPair, startReplicatedPair } from "../support/replicated-pair.ts";
import { type Interval, contains, overlaps } from "../../shared/interval.ts";
import { type Answer, send } from "./calls.ts";
import type { SeenBooking } from "./seen-booking.ts";
import { checkPair } from "./checker.ts";
import { expireHold } from "./expire-hold.ts";
import { checkHistory } from "./history-checker.ts";
import { type Entry, recorded } from "./history.ts";
import { AHEAD, AROUND, times } from "./quarters.ts";
import { holdLimits } from "./model.ts";
import { activeIn, nothingYet } from "./model-state.ts";
import { openIntervals, type SeenException } from "./model-time.ts";
import { quartersIn, slotsIn } from "./open-time.ts";
import {
  readAvailability,
  readBookings,
  readExceptions,
  readFeed,
  readHours,
  readOpenSlots,
  readRules,
  readSnapshot,
} from "./reads.ts";
import { callOf, type Known, latest } from "./resolve.ts";
import { occupiedBy, openSeats, whyNotBegin } from "./rules.ts";
import { anySteps, type TestStep } from "./steps.ts";

const CALLERS = 8;
/** Many short rounds rather than few long ones: a race is won or lost while most of the time is still open. */
const ROUNDS = 14;

let pair: ReplicatedPair;
let pool: Pool;
let guestIds: readonly string[];
beforeAll(async () => {
  pair = await startReplicatedPair({ booking: holdLimits });
  pool = poolOf(pair.databases.booking);
  guestIds = [await createGuest(pair.replicas[0]), await createGuest(pair.replicas[0])];
});
afterAll(async () => {
  await pool.end();
  await pair.stop();
});

test(
  "whatever callers do at once, nothing is lost, doubled or stranded, and everybody is told the truth",
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anySteps(8, 12), { minLength: CALLERS, maxLength: CALLERS }), async (scripts) => {
        const hostId = await createHost(pair.replicas[0]);
        const history: Entry[] = [];
        await Promise.all(scripts.map((steps, caller) => play(hostId, steps, caller, history)));
        await expectTruth(hostId, history);
        expect(await checkPair(pair.databases.availability, pair.databases.booking)).toEqual([]);
      }),
      // A race that was lost once is seldom lost again: there is nothing to shrink by.
      { numRuns: ROUNDS, plugins: [fc.unbiased()], endOnFailure: true },
    );
  },
);

/** One caller's script. All callers know of all bookings, so that they change the same ones. */
async function play(hostId: string, steps: readonly TestStep[], caller: number, history: Entry[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const replica = replicaOf(caller + index);
    const known = knownFrom(hostId, history);
    if (step.kind === "expire") await endHold(known, step.pick);
    else if (step.kind === "fence") await replica.fence.fenceHost({ hostId, ranges: [times(step.during)] });
    else if (step.kind === "read") await expectApart(replica, hostId);
    else await write(known, step, replica, replicaOf(caller + index + 1), history);
  }
}

function replicaOf(turn: number): Clients {
  return pair.replicas[turn % 2 === 0 ? 0 : 1];
}

/** What has a `request_id` is sent twice at once, to both replicas. */
async function write(known: Known, step: TestStep, replica: Clients, other: Clients, history: Entry[]): Promise<void> {
  const call = callOf(step, known);
  if (call === undefined) return;
  const at = (clients: Clients): Promise<Answer> => recorded(history, call, (sent) => send(clients, sent));
  await Promise.all(call.requestId === "" ? [at(replica)] : [at(replica), at(other)]);
}

function knownFrom(hostId: string, history: readonly Entry[]): Known {
  const seen = history.flatMap(({ answer }) => (answer.kind === "booking" ? [answer.booking] : []));
  const bookings = [...Map.groupBy(seen, ({ id }) => id)].map(([id, versions]) => {
    const etags = [...new Set(versions.map(({ etag }) => etag))];
    const during = versions.at(-1)?.during ?? AHEAD;
    return { id, during, etag: etags.at(-1) ?? "", pastEtags: etags.slice(0, -1) };
  });
  const accepted = history.filter(({ call, answer }) => call.requestId !== "" && answer.kind !== "refused");
  const etagsOf = (kind: "hours" | "rules"): string[] =>
    history.flatMap(({ answer }) => (answer.kind === kind ? [answer.etag] : []));
  const etags = { hoursEtags: etagsOf("hours"), rulesEtags: etagsOf("rules") };
  return { hostId, guestIds, bookings, ...etags, requests: accepted.map(({ call }) => call) };
}

async function endHold({ hostId, bookings }: Known, pick: number): Promise<void> {
  const booking = latest(bookings, pick);
  if (booking !== undefined) await expireHold(pool, hostId, booking.id);
}

/** A page is of one moment: what it shows never overlaps, also while bookings change. */
async function expectApart(replica: Clients, hostId: string): Promise<void> {
  const available = await readAvailability(replica, hostId, AHEAD, PAGE_SIZE_MAX);
  const slots = await readOpenSlots(replica, hostId, { window: AHEAD }, PAGE_SIZE_MAX).catch(noneIfRefused);
  for (const list of [available, slots]) {
    const starts = list.slice(1).map(({ start }) => start);
    expect(list.slice(0, -1).every(({ end }, index) => end <= (starts[index] ?? Infinity))).toBe(true);
  }
}

/** Availability may change as often as the service looks, or be too busy to answer in time: then it says so. */
function noneIfRefused(error: unknown): [] {
  if (!["BUSY", "PEER_UNAVAILABLE"].includes(reasonOf(error) ?? "")) throw error;
  return [];
}

async function expectTruth(hostId: string, history: readonly Entry[]): Promise<void> {
  const [first, second] = pair.replicas;
  // Records what has expired, so that the feed is whole.
  await first.fence.fenceHost({ hostId, ranges: [times(AHEAD)] });
  const { bookings, sequence } = await readBookings(second, hostId, AHEAD, [], PAGE_SIZE_MAX);
  const feed = await readFeed(first, hostId, Number(sequence));
  expect(feed.map((event) => event.sequence)).toEqual(
    Array.from({ length: Number(sequence) }, (_, index) => index + 1),
  );
  expect(checkHistory(history, feed)).toEqual([]);
  const replayed = new Map(feed.map(({ booking }) => [booking.id, booking]));
  expect(bookings.map(({ id }) => replayed.get(id))).toEqual(bookings);
  expect(replayed.size).toBe(bookings.length);
  await expectDerived(hostId, bookings);
}

/** Open time is what hours, openings and closures make of it, by whichever replica and door it is read, and holds all bookings. */
async function expectDerived(hostId: string, seen: readonly SeenBooking[]): Promise<void> {
  const [first, second] = pair.replicas;
  const said = await readExceptions(first, hostId, AROUND, PAGE_SIZE_MAX);
  const quartersOf = (kind: SeenException["kind"]): Set<number> =>
    new Set(said.filter((each) => each.kind === kind).flatMap(quartersIn));
  const { hours, slotDurationMinutes } = await readHours(second, hostId);
  const { rules } = await readRules(first, hostId);
  expect(rules.slotDurationMinutes).toBe(slotDurationMinutes);
  const [openings, closures] = [quartersOf("OPENING"), quartersOf("CLOSURE")];
  const bookings = seen.map((booking) => ({ ...booking, pastEtags: [] }));
  const model = { ...nothingYet, openings, closures, hours, slotQuarters: slotDurationMinutes / 15, rules, bookings };
  // Of hours that are over nothing is known, nor of exceptions outside of the window.
  const within = (all: readonly Interval[]): Interval[] =>
    all
      .filter((each) => overlaps(each, AROUND))
      .map(({ start, end }) => ({ start: Math.max(start, AROUND.start), end: Math.min(end, AROUND.end) }));
  const open = within(openIntervals(model));
  expect(within(await readAvailability(first, hostId, AROUND, PAGE_SIZE_MAX))).toEqual(open);
  const active = activeIn(bookings, [AROUND]).map(({ during }) => during);
  expect(active.filter((during) => !open.some((each) => contains(each, during)))).toEqual([]);
  const snapshot = await readSnapshot(second, hostId, AROUND);
  const long = (await readAvailability(second, hostId, AROUND, PAGE_SIZE_MAX)).filter(
    ({ start, end }) => end - start >= model.slotQuarters,
  );
  expect(snapshot.rules).toEqual(rules);
  expect(snapshot.intervals.map(({ origin }) => origin)).toEqual(long.map(({ start }) => start));
  const slots = long.flatMap(({ start, end }) =>
    slotsIn({ start, end: Math.min(end, AROUND.end + 96) }, model.slotQuarters),
  );
  const asked = { now: Date.now(), ignoresNotice: false };
  const offered = slots
    .filter(({ start }) => AROUND.start <= start && start < AROUND.end)
    .filter((slot) => whyNotBegin(rules, slot, asked) === undefined)
    .map((slot) => ({ ...slot, openSeats: openSeats(rules, bookings, occupiedBy(rules, slot)) }))
    .filter((slot) => slot.openSeats > 0);
  expect(await readOpenSlots(first, hostId, { window: AROUND }, PAGE_SIZE_MAX)).toEqual(offered);
}
