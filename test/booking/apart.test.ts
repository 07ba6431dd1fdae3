/** Hosts that wait apart, because somebody else holds their lock: whose turn it is. */

import { randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { fenceCommand } from "../support/fence-command.ts";
import { createCommand, hourOf, type LanesUnderTest, saidOf, startLanes } from "../support/lanes.ts";
import { waitUntil } from "../support/waits.ts";

let lanes: LanesUnderTest;
afterEach(() => lanes.stop());

describe("of hosts whose lock is held elsewhere, four are waited for at a time, and the next", () => {
  /** Holds the locks of six hosts, `a` to `f`. What is said is noted in `order`, with its host's letter before it. */
  async function sixLocked(queueMax = 4096) {
    lanes = await startLanes(1, { lanes: 1, batchMax: 1, queueMax });
    await waitWithoutLimit(lanes.pool);
    const hostIds = new Map(["a", "b", "c", "d", "e", "f"].map((letter) => [letter, randomUUIDv7()]));
    const keyOf = (letter: string): string => hostLockKey(hostIds.get(letter)!);
    const holder = await lanes.pool.connect();
    await holder.query("select pg_advisory_lock(key) from unnest($1::int8[]) key", [[...hostIds.keys()].map(keyOf)]);
    const order: string[] = [];
    const note = async (letter: string, command: Parameters<LanesUnderTest["commit"]>[0]): Promise<void> => {
      order.push(`${letter} ${await saidOf(lanes.commit(command))}`);
    };
    const create = (letter: string, hour = 0) => note(letter, createCommand(hostIds.get(letter)!, hourOf(hour)));
    const fence = (letter: string) => note(letter, fenceCommand(hostIds.get(letter)!, [hourOf(0)]));
    /** The lane takes its commands in order: when it has come to this one, it has set aside all that were added before. */
    const setAside = (): Promise<string> => saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(0))));
    const release = async (...letters: string[]): Promise<void> => {
      await setAside();
      await holder.query("select pg_advisory_unlock(key) from unnest($1::int8[]) key", [letters.map(keyOf)]);
    };
    return { create, fence, setAside, release, order, [Symbol.dispose]: () => holder.release(true) };
  }

  /** Puts a function before PostgreSQL's own that sets no limit: a busy machine needs longer than a lock is waited for. */
  async function waitWithoutLimit(pool: Pool): Promise<void> {
    await pool.query(`
      create function public.set_config(name text, value text, is_local boolean) returns text language sql as
        'select pg_catalog.set_config(name, case name when ''lock_timeout'' then ''0'' else value end, is_local)'`);
    const { rows } = await pool.query<{ name: string }>("select current_database() as name");
    await pool.query(`alter database ${rows[0]!.name} set search_path = public, pg_catalog`);
  }

  test("has its turn before the ones that have had theirs, however much they have to do", async () => {
    using hosts = await sixLocked();
    const { create, release, order } = hosts;
    // `b`, `c` and `d` keep their places: there is one for the others.
    const waited = [create("a", 0), create("a", 1), create("b"), create("c"), create("d"), create("e")];
    await release("a", "e");
    await waitUntil(() => order.length === 3);
    expect(order).toEqual(["a CONFIRMED", "e CONFIRMED", "a CONFIRMED"]);
    await release("b", "c", "d");
    await Promise.all(waited);
    expect(order.slice(3).toSorted()).toEqual(["b CONFIRMED", "c CONFIRMED", "d CONFIRMED"]);
  });

  test("is one with a fence, which also passes what its own host has queued", async () => {
    using hosts = await sixLocked();
    const { create, fence, setAside, release, order } = hosts;
    const waited = [create("a"), create("b"), create("c"), create("d"), create("e"), create("f")];
    await setAside();
    const fenced = fence("f");
    await release("a", "f");
    await fenced;
    expect(order).toEqual(["a CONFIRMED", "f fenced"]);
    await release("b", "c", "d", "e");
    await Promise.all(waited);
    // Decided behind the fence, whose generation it does not know.
    expect(order).toContain("f stale");
  });

  test("has a queue with an end: more are turned away at once, but for a fence", async () => {
    using hosts = await sixLocked(2);
    const { create, fence, setAside, release, order } = hosts;
    const waited: Promise<void>[] = [];
    // The first waits for the lock, two behind it.
    for (let hour = 0; hour < 5; hour += 1) {
      waited.push(create("a", hour));
      await setAside();
    }
    expect(order).toEqual(["a OVERLOADED", "a OVERLOADED"]);
    waited.push(fence("a"));
    await release("a");
    await Promise.all(waited);
    expect(order.slice(2)).toEqual(["a CONFIRMED", "a fenced", "a stale", "a stale"]);
  });
});
