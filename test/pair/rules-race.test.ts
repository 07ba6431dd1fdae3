/**
 * UpdateRules races bookings and moves at two replicas of each service: what is sent after it was answered is accepted by the
 * new rules or not at all, and what is sent before by the older or the new ones. Judged round by round by the host's feed.
 *
 * RULES_RACE_ROUNDS says how many rounds there are, RULES_RACE_SEED which:
 * `RULES_RACE_ROUNDS=10000 npm test -- test/pair/rules-race.test.ts`. There may be 12,000, or they would reach over a year.
 */

import { env } from "node:process";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type ReplicatedPair, startReplicatedPair } from "../support/replicated-pair.ts";
import { timesOf } from "../support/times.ts";
import { expectInOrder } from "../support/violations.ts";
import { type Random, randomOf } from "../torment/random.ts";
import { type HostRules, SETS_OF_RULES, wrongBy } from "./right-by-rules.ts";

const ROUNDS = Number(env["RULES_RACE_ROUNDS"] ?? 300);
const SEED = Number(env["RULES_RACE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Each has its own rounds, one after another, beside the others'. */
const HOSTS = 6;
/** A round's part of its host's time. Buffers do not reach from one into the next. */
const ROUND_MS = 4 * HOUR_MS;
const ROUNDS_PER_HOST = Math.ceil(ROUNDS / HOSTS);

let pair: ReplicatedPair;
let booking: Pool;

beforeAll(async () => {
  pair = await startReplicatedPair();
  booking = poolOf(pair.databases.booking);
});

afterAll(async () => {
  await booking.end();
  await pair.stop();
});

/** A call, and whether it was sent after the rules' change was answered. */
interface Sent {
  /** Of the event that it leads to, if it is accepted. */
  readonly kind: "CONFIRMED" | "RESCHEDULED";
  readonly bookingId: string | undefined;
  readonly outcome: string;
  readonly isAfter: boolean;
}

class Race {
  readonly #random: Random;
  readonly #hostId: string;
  readonly #guestId: string;
  #rules: HostRules = SETS_OF_RULES[0]!;
  #sequence = 0;

  constructor(hostId: string, guestId: string, random: Random) {
    this.#hostId = hostId;
    this.#guestId = guestId;
    this.#random = random;
  }

  #replica() {
    return pair.replicas[this.#random.below(2)]!;
  }

  /** Comes again where a busy machine has let a wait run out: until it is accepted, nothing is promised. */
  async update(rules: HostRules): Promise<void> {
    for (let outcome = ""; outcome !== "accepted";) {
      outcome = await outcomeOf(this.#replica().availability.updateRules({ hostId: this.#hostId, ...rules }));
      if (!["accepted", "BUSY", "PEER_UNAVAILABLE"].includes(outcome)) throw new Error(`an update ended as ${outcome}`);
    }
    this.#rules = rules;
  }

  /** Whole or half hours of the round's part, so that many want the same, and others lie beside them. */
  #someTime(origin: number): Interval {
    const start = origin + (4 + this.#random.below(4)) * 30 * MINUTE_MS;
    return { start, end: start + this.#random.pick([30, 60]) * MINUTE_MS };
  }

  async #book(during: Interval, isAfter: boolean): Promise<Sent> {
    const request = { hostId: this.#hostId, guestId: this.#guestId, ...timesOf(during) };
    let bookingId: string | undefined;
    const outcome = await outcomeOf(
      this.#replica()
        .bookings.createBooking(request)
        .then((answer) => (bookingId = answer.booking?.id)),
    );
    return { kind: "CONFIRMED", bookingId, outcome, isAfter };
  }

  async #move(bookingId: string, during: Interval, isAfter: boolean): Promise<Sent> {
    const moved = this.#replica().bookings.rescheduleBooking({ bookingId, ...timesOf(during) });
    return { kind: "RESCHEDULED", bookingId, outcome: await outcomeOf(moved), isAfter };
  }

  async round(number: number): Promise<{ readonly sent: readonly Sent[]; readonly wrong: readonly string[] }> {
    const origin = tomorrow(0) + number * ROUND_MS;
    const older = this.#rules;
    const newer = this.#random.pick(SETS_OF_RULES.filter((rules) => rules !== older));
    const here = (): Interval => this.#someTime(origin);
    const first = await Promise.all([this.#book(here(), false), this.#book(here(), false), this.#book(here(), false)]);
    const booked = first.flatMap(({ bookingId }) => (bookingId === undefined ? [] : [bookingId]));
    let isAnswered = false;
    const updated = this.update(newer).then(() => (isAnswered = true));
    const sent: Promise<Sent>[] = [];
    // Before, while and after it is changed: each wave goes when one of the calls before it, or the change, has been answered.
    let wavesBehind = 0;
    while (wavesBehind < 2) {
      if (isAnswered) wavesBehind += 1;
      sent.push(this.#book(here(), isAnswered), this.#book(here(), isAnswered), this.#book(here(), isAnswered));
      const mover = booked.pop();
      if (mover !== undefined) sent.push(this.#move(mover, here(), isAnswered));
      await (isAnswered ? Promise.all(sent) : Promise.race([updated, Promise.all(sent.slice(-3))]));
    }
    await updated;
    const calls = [...first, ...(await Promise.all(sent))];
    return { sent: calls, wrong: await this.#wrong(older, newer, calls) };
  }

  /** What the feed says of the round that no order of right decisions leads to. */
  async #wrong(older: HostRules, newer: HostRules, calls: readonly Sent[]): Promise<string[]> {
    const after = new Set(calls.filter((call) => call.isAfter).map(({ kind, bookingId }) => `${kind} ${bookingId}`));
    const before = this.#sequence;
    const found = await wrongBy(booking, { hostId: this.#hostId, after: before, origin: tomorrow(0) }, ({ kind, id }) =>
      after.has(`${kind} ${id}`) ? [newer] : [older, newer],
    );
    this.#sequence = found.sequence;
    return found.wrong;
  }
}

test(
  `after a host's rules have changed, nothing is accepted by the older ones: ${ROUNDS} rounds, seed ${SEED}`,
  async () => {
    const outcomes: Record<string, number> = {};
    const hosts = Array.from({ length: HOSTS }, async (_, index) => {
      const [hostId, guestId] = [await createHost(pair.replicas[0]), await createGuest(pair.replicas[0])];
      await openTime(pair.replicas[0], hostId, { start: tomorrow(0), end: tomorrow(0) + ROUNDS_PER_HOST * ROUND_MS });
      const race = new Race(hostId, guestId, randomOf(SEED + index));
      await race.update(SETS_OF_RULES[0]!);
      for (let number = 0; number < ROUNDS_PER_HOST; number += 1) {
        const { sent, wrong } = await race.round(number);
        expect(wrong, `host ${index}, round ${number}, seed ${SEED}`).toEqual([]);
        for (const { outcome } of sent) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    });
    await Promise.all(hosts);
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(["accepted", "SLOT_TAKEN", "TOO_SOON", "OFF_GRID"]));
    await expectInOrder(pair.databases);
  },
  ROUNDS * 2_000,
);
