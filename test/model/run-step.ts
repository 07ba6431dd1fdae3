/** One step of a sequence: done by the services and by the model, whose answers must be the same. */

import { isDeepStrictEqual } from "node:util";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { expect } from "vitest";
import type { ReplicaClients } from "../support/fencing-clients.ts";
import { type Answer, send } from "./calls.ts";
import { seen } from "./seen-booking.ts";
import { expireHold } from "./expire-hold.ts";
import { asSeen, bookingsIn, decide, expire, openSlots } from "./model.ts";
import { activeIn, type Chosen, type Model, UNTOLD } from "./model-state.ts";
import { exceptionsOf, hoursFrom, openIntervals, snapshotOf } from "./model-time.ts";
import { AHEAD, quarterOf, quartersOf, times } from "./quarters.ts";
import {
  readAvailability,
  readBookings,
  readExceptions,
  readHours,
  readOpenSlots,
  readRules,
  readSnapshot,
} from "./reads.ts";
import { callOf, latest } from "./resolve.ts";
import type { ReadStep, TestStep } from "./steps.ts";
import { asHostFirst, giveState } from "./user-states.ts";
import { type Instant, type Interval, overlaps } from "../../shared/interval.ts";

/** Small pages, so that most lists have several. */
const PAGE_SIZE = 7;

export interface World {
  readonly clients: ReplicaClients;
  /** Booking's database, around the service. */
  readonly pool: Pool;
  readonly hostId: string;
  readonly guestIds: readonly string[];
}

/** Returns what the model has become. Throws where the services answer anything else than the model. */
export async function runStep(world: World, model: Model, step: TestStep): Promise<Model> {
  switch (step.kind) {
    case "expire":
      return endHold(world, model, step.pick);
    case "fence":
      await fence(world, model, step.during);
      return model;
    case "state": {
      const people = [world.hostId, ...world.guestIds];
      return { ...model, inactive: await giveState(world.clients, people, step, model.inactive) };
    }
    case "read":
      await compareReads(world, model, step);
      return model;
    default:
      return write(world, model, step);
  }
}

async function write(world: World, model: Model, step: TestStep): Promise<Model> {
  const { hostId, guestIds } = world;
  const requests = model.requests.map((request) => request.call);
  const { bookings, hoursEtags } = model;
  const rulesEtags = model.rulesEtags.filter((etag) => etag !== UNTOLD);
  const call = callOf(step, { hostId, guestIds, bookings, hoursEtags, rulesEtags, requests });
  if (call === undefined) return model;
  const begun = Date.now();
  const sent = await send(world.clients, call);
  const answer =
    sent.kind === "refused" && "guestId" in call
      ? { ...sent, reason: asHostFirst(sent.reason, model.inactive, call) }
      : sent;
  // Midnight may have come meanwhile.
  const [expected, orElse] = [begun, Date.now()].map((today) => decide(model, call, chosenIn(answer, today)));
  if (expected === undefined || orElse === undefined) throw new Error("the model has no answer");
  if (isDeepStrictEqual(answer, orElse.answer)) return orElse.after;
  expect({ call, answer }).toEqual({ call, answer: expected.answer });
  return expected.after;
}

function chosenIn(answer: Answer, today: Instant): Chosen {
  if (answer.kind === "hours" || answer.kind === "rules")
    return { id: "none", etag: answer.etag, now: undefined, today };
  if (answer.kind !== "booking") return { id: "none", etag: "none", now: undefined, today };
  const { id, etag, updateTime } = answer.booking;
  return { id, etag, now: updateTime, today };
}

/** Lets the time of a hold come. All readers see that, also before it is recorded. */
async function endHold({ clients, pool, hostId }: World, model: Model, pick: number): Promise<Model> {
  const holds = model.bookings.filter(({ state }) => state === "HELD");
  const hold = latest(holds, pick);
  if (hold === undefined) return model;
  const expireTime = await expireHold(pool, hostId, hold.id);
  if (expireTime === undefined) throw new Error("the model has a hold that is not stored as one");
  const { booking } = await clients.bookings.getBooking({ bookingId: hold.id });
  if (booking === undefined) throw new Error("an answer without its booking");
  const after = expire(model, hold.id, expireTime, booking.etag);
  expect(seen(booking)).toEqual(after.bookings.map(asSeen).find(({ id }) => id === hold.id));
  return after;
}

/** As few as are often exceeded. */
const FENCED_BOOKINGS = 3;

/** A fence that belongs to no removal, as one that is delivered late or again: it tells the truth and changes no answer. */
export async function fence({ clients, hostId }: World, model: Model, during: Interval): Promise<void> {
  const asked = { ranges: [times(during)], findLastBooking: true, maxBookings: FENCED_BOOKINGS };
  const answer = await clients.fence.fenceHost({ hostId, ...asked });
  const inTheWay = activeIn(model.bookings, [during]);
  const named = answer.bookings.map((each) => ({ id: each.bookingId, during: quartersOf(each) }));
  expect(named).toEqual(inTheWay.slice(0, FENCED_BOOKINGS).map((each) => ({ id: each.id, during: each.during })));
  expect(answer.bookingCount).toBe(inTheWay.length);
  // The model's clock stands before all bookings: none has ended.
  const ends = activeIn(model.bookings, [AHEAD]).map((each) => each.during.end);
  const last = answer.lastBookingEndTime;
  expect(last === undefined ? [] : [quarterOf(timestampMs(last))]).toEqual(ends.toSorted((a, b) => b - a).slice(0, 1));
}

async function compareReads(
  { clients, hostId }: World,
  model: Model,
  { window, states, slots, ignoreNotice }: ReadStep,
): Promise<void> {
  const available = openIntervals(model).filter((each) => overlaps(each, window));
  expect(await readAvailability(clients, hostId, window, PAGE_SIZE)).toEqual(available);
  expect(await readExceptions(clients, hostId, window, PAGE_SIZE)).toEqual(exceptionsOf(model, window));
  const rules = { slotDurationMinutes: model.slotQuarters * 15, ...model.rules };
  expect(await readSnapshot(clients, hostId, window)).toEqual({ intervals: snapshotOf(model, window), rules });
  const read = await readRules(clients, hostId);
  const told = model.rulesEtags.at(-1) ?? UNTOLD;
  if (told === UNTOLD) expect(model.rulesEtags).not.toContain(read.etag);
  expect(read).toEqual({ rules, etag: told === UNTOLD ? read.etag : told });
  await compareHours(clients, hostId, model);
  const durationMinutes = slots === 1 ? 0 : slots * rules.slotDurationMinutes;
  const open = openSlots(model, { window, slots, now: Date.now(), ignoresNotice: ignoreNotice });
  expect(await readOpenSlots(clients, hostId, { window, durationMinutes, ignoreNotice }, PAGE_SIZE)).toEqual(
    model.inactive.has(hostId) ? [] : open,
  );
  const { bookings, sequence } = await readBookings(clients, hostId, window, states, PAGE_SIZE);
  expect(bookings).toEqual(bookingsIn(model, window, states).map(asSeen));
  // Holds that have ended may be recorded, or not yet.
  const ended = model.bookings.filter(({ state }) => state === "EXPIRED").length;
  expect(Number(sequence)).toBeGreaterThanOrEqual(model.events.length);
  expect(Number(sequence)).toBeLessThanOrEqual(model.events.length + ended);
}

async function compareHours(clients: ReplicaClients, hostId: string, model: Model): Promise<void> {
  const begun = Date.now();
  const { hours, etag, slotDurationMinutes } = await readHours(clients, hostId);
  expect([hoursFrom(model, begun), hoursFrom(model, Date.now())]).toContainEqual(hours);
  expect(slotDurationMinutes).toBe(model.slotQuarters * 15);
  // Of hours that were never set the version is the service's affair.
  expect(etag).toBe(model.hoursEtags.at(-1) ?? etag);
}
