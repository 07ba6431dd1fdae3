/** One step of a sequence: done by the services and by the model, whose answers must be the same. */

import type { Pool } from "pg";
import { expect } from "vitest";
import type { Clients } from "../support/clients.ts";
import { type Answer, seen, send } from "./calls.ts";
import { expireHold } from "./expire-hold.ts";
import { activeIn, asSeen, bookingsIn, type Chosen, decide, expire, type Model, openSlots } from "./model.ts";
import { intervalsOf } from "./open-time.ts";
import { times } from "./quarters.ts";
import { readAvailability, readBookings, readOpenSlots } from "./reads.ts";
import { callOf, latest } from "./resolve.ts";
import type { TestStep } from "./steps.ts";
import { type Interval, overlaps } from "../../shared/interval.ts";

/** Small pages, so that most lists have several. */
const PAGE_SIZE = 7;

export interface World {
  readonly clients: Clients;
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
  const call = callOf(step, { hostId, guestIds, bookings: model.bookings, requests });
  if (call === undefined) return model;
  const answer = await send(world.clients, call);
  const { answer: expected, after } = decide(model, call, chosenIn(answer));
  expect({ call, answer }).toEqual({ call, answer: expected });
  return after;
}

function chosenIn(answer: Answer): Chosen {
  if (answer.kind !== "booking") return { id: "none", etag: "none", now: undefined };
  const { id, etag, updateTime } = answer.booking;
  return { id, etag, now: updateTime };
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

/** A fence that belongs to no removal, as one that is delivered late or again: it tells the truth and changes no answer. */
export async function fence({ clients, hostId }: World, model: Model, during: Interval): Promise<void> {
  const answer = await clients.fence.fenceHost({ hostId, ranges: [times(during)] });
  const inTheWay = activeIn(model.bookings, [during]).toSorted((a, b) => a.during.start - b.during.start);
  expect(answer.bookings.map(({ bookingId }) => bookingId)).toEqual(inTheWay.slice(0, 20).map(({ id }) => id));
  expect(answer.bookingCount).toBe(inTheWay.length);
}

async function compareReads(
  { clients, hostId }: World,
  model: Model,
  { window, states }: Extract<TestStep, { kind: "read" }>,
): Promise<void> {
  const available = intervalsOf(model.open).filter((each) => overlaps(each, window));
  expect(await readAvailability(clients, hostId, window, PAGE_SIZE)).toEqual(available);
  expect(await readOpenSlots(clients, hostId, window, PAGE_SIZE)).toEqual(openSlots(model, window));
  const { bookings, sequence } = await readBookings(clients, hostId, window, states, PAGE_SIZE);
  expect(bookings).toEqual(bookingsIn(model, window, states).map(asSeen));
  // Holds that have ended may be recorded, or not yet.
  const ended = model.bookings.filter(({ state }) => state === "EXPIRED").length;
  expect(Number(sequence)).toBeGreaterThanOrEqual(model.events.length);
  expect(Number(sequence)).toBeLessThanOrEqual(model.events.length + ended);
}
