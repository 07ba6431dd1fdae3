/** What is tried again is tried a few times: then its caller is told to come again. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AvailabilityPeer } from "../../services/booking/peers/availability.ts";
import { rememberCalendars } from "../../services/booking/peers/calendars.ts";
import { rememberGuests } from "../../services/booking/peers/guests.ts";
import { commitWhenValid } from "../../services/booking/scheduling/commit-when-valid.ts";
import type { SchedulingDeps } from "../../services/booking/scheduling/deps.ts";
import { openSlots } from "../../services/booking/scheduling/open-slots.ts";
import { generationsOf } from "../../services/booking/storage/hosts.ts";
import { openCalendar } from "../support/calendars.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { fenceCommand } from "../support/fence-command.ts";
import { createCommand, hourOf, type LanesUnderTest, patient, saidOf, startLanes } from "../support/lanes.ts";

let lanes: LanesUnderTest;
let proxy: CuttingProxy;

beforeEach(async () => {
  lanes = await startLanes(1, { lanes: 1 }, async (url) => (proxy = await startCuttingProxy(url)).url);
});
afterEach(async () => {
  await lanes.stop();
  await proxy.close();
});

const hostId = randomUUIDv7();

test("a command that loses every connection before its commit is refused, and nothing was changed", async () => {
  for (let attempt = 0; attempt < 3; attempt += 1) proxy.cutNextCommit("before", "advisory");
  expect(await saidOf(lanes.commit(createCommand(hostId, hourOf(1))))).toBe("BUSY");
  expect(proxy.cuts()).toBe(3);
  expect((await lanes.pool.query("select from bookings")).rowCount).toBe(0);
});

test("a command that PostgreSQL asks to try again each time is refused", async () => {
  await lanes.pool.query(`
    create sequence attempts;
    create function refuse() returns trigger language plpgsql as
      'begin perform nextval(''attempts''); raise exception using errcode = ''40001''; end';
    create trigger refuse before insert on bookings for each row execute function refuse()`);
  expect(await saidOf(lanes.commit(createCommand(hostId, hourOf(1))))).toBe("BUSY");
  expect((await lanes.pool.query("select last_value::int as attempts from attempts")).rows).toEqual([{ attempts: 3 }]);
});

describe("availability that changes whenever it is asked for", () => {
  let asks: number;
  let deps: SchedulingDeps;

  beforeEach(() => {
    asks = 0;
    const peer: Pick<AvailabilityPeer, "snapshot" | "assertGuest"> = {
      async snapshot(_hostId, _window, generation) {
        asks += 1;
        await lanes.commit(fenceCommand(hostId));
        return openCalendar(generation);
      },
      assertGuest: async () => undefined,
    };
    const noteGeneration = async (host: string): Promise<number> =>
      (await generationsOf(lanes.pool, [host])).at(0) ?? 0;
    deps = {
      pool: lanes.pool,
      lanes: lanes.replicas[0]!,
      findRequest: async () => undefined,
      calendars: rememberCalendars(peer, noteGeneration),
      guests: rememberGuests(peer),
    };
  });

  test("a booking is refused", async () => {
    const { calendar: _none, ...proposal } = createCommand(hostId, hourOf(1));
    expect(await saidOf(commitWhenValid(deps, patient, proposal))).toBe("BUSY");
    expect(asks).toBe(5);
  });

  test("a page of open slots is refused", async () => {
    const query = { hostId, window: hourOf(1), durationMs: undefined, ignoresNotice: false, limit: 10 };
    await expect(openSlots(deps, patient, query)).rejects.toMatchObject({ reason: "BUSY" });
    expect(asks).toBe(5);
  });
});
