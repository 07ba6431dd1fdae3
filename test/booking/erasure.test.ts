/** What people have said about an erased guest's bookings is gone: from the bookings, their events and the remembered requests. */

import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CreateCommand } from "../../services/booking/domain/command.ts";
import { fenceUser } from "../../services/booking/scheduling/fence-user.ts";
import type { Caller } from "../../shared/caller.ts";
import { monotonicMs } from "../../shared/clock.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import {
  createCommand,
  hourOf,
  type LanesUnderTest,
  moveCommand,
  patient,
  saidOf,
  startLanes,
} from "../support/lanes.ts";
import { testLog } from "../support/logs.ts";
import { PRIVATE_WORDS } from "../support/secrets.ts";

let lanes: LanesUnderTest;
let hostId: string;
let guestId: string;
beforeEach(async () => {
  lanes = await startLanes();
  [hostId, guestId] = [randomUUIDv7(), randomUUIDv7()];
});
afterEach(() => lanes.stop());

const erase = async (caller: Caller = patient, id = guestId): Promise<boolean> =>
  (
    await fenceUser(
      { pool: lanes.pool, lanes: lanes.replicas[0]!, log: testLog("erasure") },
      { id, state: "ERASED", version: 2 },
      caller,
    )
  ).isComplete;

const said = { externalId: `crm-${PRIVATE_WORDS}`, note: PRIVATE_WORDS, labels: { [PRIVATE_WORDS]: PRIVATE_WORDS } };
const requestOf = () => ({ id: randomUUID(), method: "CreateBooking", contentHash: "ab".repeat(32) });

async function book(hour: number, change: Partial<CreateCommand> = {}): Promise<CreateCommand> {
  const details = { ...said, externalId: `${said.externalId}-${hour}` };
  const command = createCommand(hostId, hourOf(hour), { guestId, details, request: requestOf(), ...change });
  expect(await saidOf(lanes.commit(command))).toMatch(/CONFIRMED|HELD/);
  return command;
}

/** How many rows have the words, by table. */
async function wordsLeft(): Promise<Record<string, number>> {
  const { rows } = await lanes.pool.query<Record<string, number>>(
    `select (select count(*)::int from bookings b where b::text like $1) as bookings,
            (select count(*)::int from booking_events b where b::text like $1) as events,
            (select count(*)::int from requests where guest_id is not null) as requests`,
    [`%${PRIVATE_WORDS}%`],
  );
  return rows[0]!;
}
const NOTHING = { bookings: 0, events: 0, requests: 0 };

/** The feed of a host: kind, and whose. */
async function feedOf(host: string): Promise<string[]> {
  const { rows } = await lanes.pool.query<{ kind: string; actor: string; version: number }>(
    "select kind, actor, version from booking_events where host_id = $1 order by sequence",
    [host],
  );
  return rows.map(({ kind, actor, version }) => `${kind} ${version} by ${actor}`);
}

describe("an erasure", () => {
  test("takes what was said in every state of a booking, and all that was written of it", async () => {
    const of = ({ bookingId }: CreateCommand) => ({ hostId, bookingId, actor: "tester" });
    const commands = [await book(1), await book(2, { holdMs: 600_000 }), await book(3), await book(4)];
    const [moved, , cancelled] = commands;
    await lanes.commit(moveCommand(moved!, hourOf(9), { request: requestOf() }));
    const cancel = { kind: "cancel", ...of(cancelled!), reason: PRIVATE_WORDS, request: requestOf() } as const;
    expect(await saidOf(lanes.commit(cancel))).toBe("CANCELLED");
    // Says something in its hash alone: the first reason stays.
    const again = { ...cancel, reason: `${PRIVATE_WORDS} again`, request: requestOf() };
    expect(await saidOf(lanes.commit(again))).toBe("CANCELLED");
    expect(await wordsLeft()).toEqual({ bookings: 4, events: 6, requests: 6 });
    const before = await lanes.pool.query("select id, during, occupied, seat, state from bookings order by id");

    expect(await erase()).toBe(true);
    expect(await wordsLeft()).toEqual(NOTHING);
    const after = await lanes.pool.query("select id, during, occupied, seat, state from bookings order by id");
    expect(after.rows).toEqual(before.rows);
    const feed = await feedOf(hostId);
    expect(feed.slice(0, 6)).toEqual([
      "CONFIRMED 1 by tester",
      "HELD 1 by tester",
      "CONFIRMED 1 by tester",
      "CONFIRMED 1 by tester",
      "RESCHEDULED 2 by tester",
      "CANCELLED 2 by tester",
    ]);
    expect(feed.slice(6).toSorted()).toEqual([
      "ERASED 2 by system",
      "ERASED 2 by system",
      "ERASED 3 by system",
      "ERASED 3 by system",
    ]);
    // The move said nothing, and is remembered.
    expect((await lanes.pool.query("select from requests")).rowCount).toBe(1);
  });

  test("leaves a booking alone about which nothing was said, and those of others", async () => {
    await book(1, { details: {} });
    await book(2, { guestId: randomUUIDv7() });
    const feed = await feedOf(hostId);
    expect(await erase()).toBe(true);
    expect(await feedOf(hostId)).toEqual(feed);
    expect(await wordsLeft()).toEqual({ bookings: 1, events: 1, requests: 1 });
  });

  test("that comes again finds nothing left, and writes nothing", async () => {
    await book(1);
    expect(await erase()).toBe(true);
    const feed = await feedOf(hostId);
    expect(await erase()).toBe(true);
    expect(await feedOf(hostId)).toEqual(feed);
  });

  test("of a host takes nothing: what was said is its guests'", async () => {
    await book(1);
    expect(await erase(patient, hostId)).toBe(true);
    expect(await wordsLeft()).toEqual({ bookings: 1, events: 1, requests: 1 });
  });

  test("goes on after it was broken off, over as many bookings as there are", async () => {
    const hosts = Array.from({ length: 5 }, () => randomUUIDv7());
    const all = Array.from({ length: 250 }, (_, hour) => ({ host: hosts[hour % 5]!, hour }));
    await Promise.all(
      all.map(({ host, hour }) =>
        lanes.commit(createCommand(host, hourOf(hour), { guestId, details: { note: PRIVATE_WORDS } })),
      ),
    );
    expect(await wordsLeft()).toEqual({ bookings: 250, events: 250, requests: 0 });
    const late = (): Caller => ({ signal: new AbortController().signal, deadline: monotonicMs() + 250 });
    expect(await erase(late())).toBe(false);
    expect(await erase()).toBe(true);
    expect(await wordsLeft()).toEqual(NOTHING);
    for (const host of hosts) expect((await feedOf(host)).filter((each) => each.startsWith("ERASED"))).toHaveLength(50);
  });

  // As if somebody had its lock (a lock itself would be waited for before all else), and as if something were wrong with it.
  test.each(["55P03", "P0001"])("does what it can while a host is stuck (%s), and completes later", async (code) => {
    const stuck = randomUUIDv7();
    // A page of them, in front of the other host's: of one batch, a locked host's neighbours are refused with it.
    const commands = Array.from({ length: 100 }, (_, hour) =>
      createCommand(stuck, hourOf(hour), { guestId, details: { note: PRIVATE_WORDS } }),
    );
    await Promise.all(commands.map((command) => lanes.commit(command)));
    await book(1);
    const trigger = `create function hold_up() returns trigger language plpgsql as
        'begin if new.host_id = ''${stuck}'' then raise exception using errcode = ''${code}''; end if; return new; end';
      create trigger hold_up before update on bookings for each row execute function hold_up()`;
    await lanes.pool.query(trigger);
    expect(await erase()).toBe(false);
    // What a booking still says, its events say too: who replays them must arrive at it.
    expect(await wordsLeft()).toEqual({ bookings: 100, events: 100, requests: 0 });
    await lanes.pool.query("drop function hold_up cascade");
    expect(await erase()).toBe(true);
    expect(await wordsLeft()).toEqual(NOTHING);
  });

  test("waits for a cancel that has not seen it, and later cancels say nothing", async () => {
    const first = await book(1, { details: {} });
    const second = await book(2, { details: {} });
    const holder = await lanes.pool.connect();
    await holder.query("begin");
    await holder.query("select pg_advisory_xact_lock($1)", [hostLockKey(hostId)]);
    await holder.query("update bookings set state = 'CANCELLED', cancel_reason = $1 where id = $2", [
      PRIVATE_WORDS,
      first.bookingId,
    ]);
    const erased = erase();
    const cancel = {
      kind: "cancel",
      hostId,
      bookingId: second.bookingId,
      actor: "tester",
      reason: PRIVATE_WORDS,
    } as const;
    await expect.poll(async () => (await lanes.pool.query("select from users")).rowCount).toBe(1);
    const cancelled = lanes.commit({ ...cancel, request: requestOf() });
    await holder.query("commit");
    holder.release();
    expect([await erased, await saidOf(cancelled)]).toEqual([true, "CANCELLED"]);
    expect(await wordsLeft()).toEqual(NOTHING);
  });
});
