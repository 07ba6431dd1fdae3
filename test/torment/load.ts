/** Callers that change bookings and availability without a pause, and record what they are told. */

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { reasonOf } from "../../shared/rpc/client.ts";
import type { Clients } from "../support/clients.ts";
import { tomorrow } from "../support/people.ts";
import type { BookingHistory, Histories, Told } from "./history.ts";
import type { Random } from "./random.ts";

export const SLOT_DURATION_MINUTES = 30;
/** The days that are open from the start, for bookings. Callers open and close time behind them. */
export const OPEN_DAYS = 300;
/** So many slots of the beginning half of the calls want, so that seats and buffers are in each other's way. */
const CROWDED_SLOTS = 400;
const SLOTS = ((OPEN_DAYS - 2) * DAY_MS) / (SLOT_DURATION_MINUTES * MINUTE_MS);

export interface World {
  readonly clients: Clients;
  readonly hostIds: readonly string[];
  readonly histories: Histories;
  readonly random: Random;
  /** Once this is aborted, callers make no new calls. */
  readonly ending: AbortSignal;
  /** Whether a service has ended, so that no answer will ever come. */
  readonly isHopeless: () => boolean;
}

const REFUSED_FOR_NOW = new Set(["BUSY", "PEER_UNAVAILABLE"]);

/** How a call ended for its caller. An end that the contract does not promise is the error as a text. */
async function endOf(world: World, name: string, call: () => Promise<unknown>): Promise<{ end: string; told: Told }> {
  let end = "accepted";
  try {
    await call();
  } catch (error) {
    const isLate = error instanceof ConnectError && error.code === Code.DeadlineExceeded;
    end = reasonOf(error) ?? (isLate ? "DEADLINE" : String(error));
  }
  const { ends } = world.histories;
  ends.set(`${name} ${end}`, (ends.get(`${name} ${end}`) ?? 0) + 1);
  const told = end === "accepted" ? "done" : end === "OUTCOME_UNKNOWN" || end === "DEADLINE" ? "unknown" : "refused";
  return { end, told };
}

/**
 * Makes a call and records in `entry` what the caller is told, each attempt in place of the one before. A call with a
 * `request_id` is often sent again until its end is known: however often it is sent, it has one effect.
 */
async function make(
  world: World,
  name: string,
  entry: { told: Told },
  requestId: string,
  call: () => Promise<unknown>,
): Promise<Told> {
  const again = requestId !== "" && world.random.chance(0.7);
  for (;;) {
    const { end, told } = await endOf(world, name, call);
    entry.told = told;
    const isFinal = told === "done" || (told === "refused" && !REFUSED_FOR_NOW.has(end));
    if (isFinal) return told;
    // While the service cannot answer, asking again at once would only keep the machine busy.
    await pause(20);
    if (!again || world.isHopeless()) return told;
  }
}

const requestIdOf = (random: Random): string => (random.chance(0.7) ? randomUUID() : "");

/** One caller, with one call under way at a time, until `ending`. */
export async function bookTirelessly(world: World, guestId: string): Promise<void> {
  const { clients, histories, random, hostIds, ending } = world;
  const tried = new Set<number>();
  while (!ending.aborted) {
    const slot = random.below(random.chance(0.5) && tried.size < CROWDED_SLOTS ? CROWDED_SLOTS : SLOTS - 1);
    if (tried.has(slot)) continue;
    tried.add(slot);
    // So far ahead that no hold ends during the run.
    const start = tomorrow(0) + 2 * DAY_MS + slot * SLOT_DURATION_MINUTES * MINUTE_MS;
    const during = (at: number) => ({
      startTime: timestampFromMs(at),
      endTime: timestampFromMs(at + SLOT_DURATION_MINUTES * MINUTE_MS),
    });
    const history: BookingHistory = { guestId, start, told: [] };
    histories.bookings.push(history);
    const begin = (kind: string): { kind: string; told: Told } => {
      const entry = { kind, told: "unknown" as Told };
      history.told.push(entry);
      return entry;
    };
    const holdSeconds = random.chance(0.5) ? 86_400 : 0;
    const hostId = random.pick(hostIds);
    let bookingId = "";
    const create = { hostId, guestId, ...during(start), holdSeconds, requestId: requestIdOf(random) };
    const created = await make(
      world,
      "create",
      begin(holdSeconds > 0 ? "HELD" : "CONFIRMED"),
      create.requestId,
      async () => {
        bookingId = (await clients.bookings.createBooking(create)).booking!.id;
      },
    );
    if (created !== "done") continue;
    if (holdSeconds > 0 && !ending.aborted) {
      const confirm = { bookingId, requestId: requestIdOf(random) };
      await make(world, "confirm", begin("CONFIRMED"), confirm.requestId, () =>
        clients.bookings.confirmBooking(confirm),
      );
    }
    if (random.chance(0.5) && !ending.aborted) {
      const at = start + SLOT_DURATION_MINUTES * MINUTE_MS;
      const reschedule = { bookingId, ...during(at), requestId: requestIdOf(random) };
      await make(world, "reschedule", begin("RESCHEDULED"), reschedule.requestId, () =>
        clients.bookings.rescheduleBooking(reschedule),
      );
    }
    if (random.chance(0.7) && !ending.aborted) {
      const cancel = { bookingId, requestId: requestIdOf(random) };
      await make(world, "cancel", begin("CANCELLED"), cancel.requestId, () => clients.bookings.cancelBooking(cancel));
    }
  }
}

/** One caller that opens hours which no other caller opens, and often closes them again. */
export async function openAndCloseTirelessly(world: World, caller: number): Promise<void> {
  const { clients, histories, random, hostIds, ending } = world;
  for (let turn = 0; !ending.aborted; turn += 1) {
    // Two hours apart, so that none merges with another.
    const start = tomorrow(0) + (OPEN_DAYS + 10) * DAY_MS + (turn * 8 + caller) * 2 * HOUR_MS;
    const hostId = random.pick(hostIds);
    const times = { hostId, startTime: timestampFromMs(start), endTime: timestampFromMs(start + HOUR_MS) };
    const history = { hostId, start, told: [] as { kind: "add" | "remove"; told: Told }[] };
    histories.times.push(history);
    const adding = { kind: "add" as const, told: "unknown" as Told };
    history.told.push(adding);
    const add = { ...times, slotDurationMinutes: SLOT_DURATION_MINUTES, requestId: requestIdOf(random) };
    const added = await make(world, "add", adding, add.requestId, () => clients.availability.addAvailability(add));
    if (added !== "done" || ending.aborted || random.chance(0.3)) continue;
    const removing = { kind: "remove" as const, told: "unknown" as Told };
    history.told.push(removing);
    const remove = { ...times, requestId: requestIdOf(random) };
    await make(world, "remove", removing, remove.requestId, () => clients.availability.removeAvailability(remove));
  }
}

/** One caller that changes the rules of one host, which nobody else does. */
export async function changeRulesTirelessly(world: World, hostId: string): Promise<void> {
  const { clients, histories, random, ending } = world;
  while (!ending.aborted) {
    const history = { hostId, told: "unknown" as Told };
    histories.rules.push(history);
    const rules = { seats: 1 + random.below(3), bufferAfterMinutes: 15 * random.below(3) };
    const update = { hostId, ...rules, requestId: requestIdOf(random) };
    await make(world, "rules", history, update.requestId, () => clients.availability.updateRules(update));
    // Each change makes bookings of the host ask again. They are to get somewhere between two of them.
    await pause(200);
  }
}
