/** How many holds a guest may have: with one host exactly, with all hosts together nearly so. */

import { randomUUID, randomUUIDv7 } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CreateCommand } from "../../services/booking/domain/command.ts";
import { ErrorInfoSchema, PreconditionFailureSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { expireHold } from "../model/expire-hold.ts";
import { hours } from "../support/hosts-time.ts";
import { createCommand, hourOf, type LanesUnderTest, saidOf, startLanes, tally } from "../support/lanes.ts";
import { stopCommitsTo } from "../support/lock-waits.ts";
import { newBookingId } from "../support/booking-ids.ts";
import { startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { guest } from "../support/tokens.ts";

const PER_HOST = 5;
const IN_ALL = 20;

let one: LanesUnderTest;
let two: LanesUnderTest;

beforeAll(async () => {
  [one, two] = await Promise.all([startLanes(1), startLanes(2)]);
});

afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
});

function hold(hostId: string, guestId: string, hour: number, change: Partial<CreateCommand> = {}): CreateCommand {
  return createCommand(hostId, hourOf(hour), { guestId, holdMs: HOUR_MS, ...change });
}

async function activeHolds({ pool }: LanesUnderTest, guestId: string): Promise<number | null> {
  const { rowCount } = await pool.query(
    "select from bookings where guest_id = $1 and state = 'HELD' and expire_time > clock_timestamp()",
    [guestId],
  );
  return rowCount;
}

test("of 1,000 holds of one guest with one host at once, at two replicas, as many are made as one may have", async () => {
  const [hostId, guestId] = [randomUUIDv7(), randomUUIDv7()];
  const commands = Array.from({ length: 1000 }, (_, hour) => hold(hostId, guestId, hour));
  const answers = await Promise.all(commands.map((command, index) => saidOf(two.commit(command, index))));
  const { HELD = 0, TOO_MANY_HOLDS = 0, BUSY = 0 } = tally(answers);
  expect(HELD + TOO_MANY_HOLDS + BUSY).toBe(1000);
  expect(await activeHolds(two, guestId)).toBe(HELD);
  // A slow machine may not have come to the last one within the second that each waits for its turn.
  for (let hour = 1000; hour < 1000 + PER_HOST - HELD; hour += 1) {
    expect(await saidOf(two.commit(hold(hostId, guestId, hour), hour))).toBe("HELD");
  }
  expect(await saidOf(two.commit(hold(hostId, guestId, 2000)))).toBe("TOO_MANY_HOLDS");
  expect(await activeHolds(two, guestId)).toBe(PER_HOST);
});

test("of one guest's holds with 100 hosts at once, as many are made as one may have in all", async () => {
  const guestId = randomUUIDv7();
  const commands = Array.from({ length: 100 }, () => hold(randomUUIDv7(), guestId, 1));
  const {
    HELD,
    TOO_MANY_HOLDS = 0,
    BUSY = 0,
  } = tally(await Promise.all(commands.map((command) => saidOf(one.commit(command)))));
  // A slow machine may not come to the last one within the second that each waits for its turn.
  expect(HELD! + TOO_MANY_HOLDS + BUSY).toBe(100);
  expect(HELD).toBeLessThanOrEqual(IN_ALL);
  expect(await activeHolds(one, guestId)).toBe(HELD);
  const later = [];
  for (const command of commands.slice(0, 25))
    later.push(await saidOf(one.commit({ ...command, bookingId: newBookingId(command.hostId), during: hourOf(2) })));
  expect(HELD! + (tally(later)["HELD"] ?? 0)).toBe(IN_ALL);
  expect(later.at(-1)).toBe("TOO_MANY_HOLDS");
});

test("of two replicas, the second may be one hold ahead of what the first has seen", async () => {
  const guestId = randomUUIDv7();
  const commands = Array.from({ length: 100 }, () => hold(randomUUIDv7(), guestId, 1));
  await Promise.all(commands.map((command, index) => saidOf(two.commit(command, index))));
  expect(await activeHolds(two, guestId)).toBeLessThanOrEqual(IN_ALL + 1);
});

test("a guest's turn ends when its hold is stored, though its caller has left before", async () => {
  const guestId = randomUUIDv7();
  const gone = new AbortController();
  const gate = await stopCommitsTo(one.pool, "booking_events");
  const left = { signal: gone.signal, deadline: Infinity };
  const first = saidOf(one.commit(hold(randomUUIDv7(), guestId, 1), 0, left));
  await gate.reached;
  gone.abort(new Error("the caller left"));
  expect(await first).toContain("the caller left");
  const impatient = new AbortController();
  const second = saidOf(
    one.commit(hold(randomUUIDv7(), guestId, 1), 0, { signal: impatient.signal, deadline: Infinity }),
  );
  impatient.abort(new Error("the second caller left"));
  expect(await second).toContain("the second caller left");
  // Its commit is under way, so how many holds the guest has cannot be known yet.
  expect(await saidOf(one.commit(hold(randomUUIDv7(), guestId, 1)))).toBe("BUSY");
  await gate.end();
  expect(await saidOf(one.commit(hold(randomUUIDv7(), guestId, 1)))).toBe("HELD");
  expect(await activeHolds(one, guestId)).toBe(2);
});

test("only so many holds of one guest wait for one another: more are turned away at once", async () => {
  const guestId = randomUUIDv7();
  const lanes = await startLanes(1, { queueMax: 2 });
  const gate = await stopCommitsTo(lanes.pool, "booking_events");
  const create = (): Promise<string> => saidOf(lanes.commit(hold(randomUUIDv7(), guestId, 1)));
  const waiting = [create(), create(), create()];
  expect(await create()).toBe("OVERLOADED");
  await gate.reached;
  await gate.end();
  expect(await Promise.all(waiting)).toEqual(["HELD", "HELD", "HELD"]);
  await lanes.stop();
});

test("a guest's holds wait for one another as long as they are answered, however long that takes in all", async () => {
  const guestId = randomUUIDv7();
  const locked = Array.from({ length: 7 }, () => randomUUIDv7());
  const holder = await two.pool.connect();
  for (const hostId of locked) await holder.query("select pg_advisory_lock($1::int8)", [hostLockKey(hostId)]);
  // Each waits for its host for a second: the last one of all longer than it would wait for a single one.
  const answers = [...locked, randomUUIDv7()].map((hostId) => saidOf(two.commit(hold(hostId, guestId, 1), 0)));
  const told = tally(await Promise.all(answers));
  holder.release(true);
  expect(told).toEqual({ BUSY: 7, HELD: 1 });
});

test("a hold that is confirmed, cancelled or over makes room; replays and bookings need none", async () => {
  const [hostId, guestId] = [randomUUIDv7(), randomUUIDv7()];
  const request = { id: randomUUID(), method: "CreateBooking", contentHash: "00".repeat(32) };
  const holds = Array.from({ length: PER_HOST }, (_, hour) =>
    hold(hostId, guestId, hour, hour === 0 ? { request } : {}),
  );
  for (const command of holds) expect(await saidOf(one.commit(command))).toBe("HELD");
  let hour = 100;
  const another = async (): Promise<string> => saidOf(one.commit(hold(hostId, guestId, (hour += 1))));
  expect(await another()).toBe("TOO_MANY_HOLDS");
  expect(await saidOf(one.commit(hold(hostId, guestId, 0, { request })))).toBe("HELD");
  expect(await saidOf(one.commit(hold(hostId, guestId, 50, { holdMs: undefined })))).toBe("CONFIRMED");
  expect(await saidOf(one.commit(hold(hostId, randomUUIDv7(), 51)))).toBe("HELD");
  const of = { hostId, actor: "tester" };
  expect(await saidOf(one.commit({ ...of, kind: "confirm", bookingId: holds[0]!.bookingId }))).toBe("CONFIRMED");
  expect([await another(), await another()]).toEqual(["HELD", "TOO_MANY_HOLDS"]);
  expect(await saidOf(one.commit({ ...of, kind: "cancel", bookingId: holds[1]!.bookingId }))).toBe("CANCELLED");
  expect([await another(), await another()]).toEqual(["HELD", "TOO_MANY_HOLDS"]);
  await expireHold(one.pool, hostId, holds[2]!.bookingId);
  expect([await another(), await another()]).toEqual(["HELD", "TOO_MANY_HOLDS"]);
});

test("the refusal says what to do; the settings say how many, whoever makes them", async () => {
  const booking = { HOLDS_PER_GUEST_AND_HOST_MAX: "1", HOLDS_PER_GUEST_MAX: "2" };
  const pair = await startPair({ booking });
  try {
    const guestId = await createGuest(pair.clients);
    const hosts = await Promise.all([1, 2, 3].map(async () => createHost(pair.clients)));
    const book = async (index: number, hour: number, person = pair.clients): Promise<unknown> => {
      const { start, end } = hours(hour, hour + 1);
      const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
      return await person.bookings.createBooking({ hostId: hosts[index]!, guestId, ...times, holdSeconds: 600 });
    };
    for (const hostId of hosts) await openTime(pair.clients, hostId, hours(8, 12), 60);
    expect(await outcomeOf(book(0, 8))).toBe("accepted");
    const refusal = await refusalOf(book(0, 9, pair.clientsOf(guest(guestId))));
    expect(refusal.code).toBe(Code.FailedPrecondition);
    expect(refusal.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "TOO_MANY_HOLDS", metadata: { holds_max: "1" } },
    ]);
    expect(refusal.findDetails(PreconditionFailureSchema)[0]?.violations).toMatchObject([
      { type: "ACTIVE_HOLDS", subject: "guest_id" },
    ]);
    expect(await outcomeOf(book(1, 9))).toBe("accepted");
    const inAll = await refusalOf(book(2, 9));
    expect(inAll.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "TOO_MANY_HOLDS", metadata: { holds_max: "2" } },
    ]);
  } finally {
    await pair.stop();
  }
});
