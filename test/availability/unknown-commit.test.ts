/** What a caller of Availability is told when the connection to the database is lost during the commit. */

import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeHost } from "../../services/availability/storage/change-host.ts";
import { findHost, readingWith } from "../../services/availability/storage/hosts.ts";
import { turnLimits } from "../../services/availability/storage/lock-wait.ts";
import { openTimeMeeting } from "../../services/availability/storage/open-time.ts";
import { requestKey } from "../../shared/request-key.ts";
import { createTurns } from "../../shared/turns.ts";
import { answerAsGiven } from "../support/host-requests.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { hours, inHours } from "../support/hosts-time.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/refusals.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { daily, hoursRequest } from "../support/weekly-hours.ts";
import { timesOf } from "../support/times.ts";

const NOBODY = "http://127.0.0.1:1";

let pool: Pool;
let proxy: CuttingProxy;
let clients: Clients;
let hostId: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  const database = await createDatabase("availability");
  pool = poolOf(database.url);
  proxy = await startCuttingProxy(database.url);
  const served = await startAvailabilityService(proxy.url, { BOOKING_URL: NOBODY });
  stop = async () => {
    await served.stop();
    await proxy.close();
    await pool.end();
    await database.drop();
  };
  clients = connectClients(served.connectUrl, NOBODY, tokenSource(admin));
  hostId = await createHost(clients);
});

afterEach(() => stop());

/** The calls that open 8 to 10, of the day or of every day. Neither needs Booking. */
const calls = {
  "an addition": (requestId: string) => {
    const asked = { hostId, ...timesOf(hours(8, 10)), slotDurationMinutes: 30, requestId };
    return clients.availability.addAvailability(asked);
  },
  "weekly hours": (requestId: string) =>
    clients.availability.setWeeklyHours(hoursRequest(hostId, daily("08:00-10:00"), { requestId })),
};

/** What is open on the day, read around the service. */
async function stored(): Promise<string> {
  const run = readingWith(pool, { signal: AbortSignal.timeout(20_000) });
  const host = await findHost(run, hostId);
  const { intervals } = await openTimeMeeting(run, host, { window: hours(0, 24), limit: 9, until: hours(0, 24).end });
  return inHours(intervals);
}

describe.each(["an addition", "weekly hours"] as const)("of %s", (call) => {
  const open = (): Promise<string> => outcomeOf(calls[call](randomUUID()));

  test("that is committed: the caller gets the answer", async () => {
    proxy.cutNextCommit("after");
    expect(await open()).toBe("accepted");
    expect(await stored()).toBe("8-10");
  });

  test("that is not: the caller is told that nothing was changed", async () => {
    proxy.cutNextCommit("before");
    expect(await open()).toBe("BUSY");
    expect(await stored()).toBe("");
  });

  test("without a request_id: the caller is told that nobody knows", async () => {
    proxy.cutNextCommit("after");
    expect(await outcomeOf(calls[call](""))).toBe("OUTCOME_UNKNOWN");
  });

  test("whose COMMIT the server gets later: the caller gets the answer", async () => {
    const kept = proxy.keepNext();
    const opened = open();
    await kept.cut;
    await Promise.race([somebodyWaits(pool), opened]);
    await kept.deliver();
    expect(await opened).toBe("accepted");
    expect(await stored()).toBe("8-10");
  });

  test("whose COMMIT the server gets later and does not finish: nobody is told that nothing was changed", async () => {
    const gate = await stopCommitsTo(pool, "requests");
    const kept = proxy.keepNext();
    const opened = open();
    await kept.cut;
    const delivered = kept.deliver();
    await gate.reached;
    expect(await opened).toBe("OUTCOME_UNKNOWN");
    await gate.end();
    await delivered;
    expect(await stored()).toBe("8-10");
  });

  test("whose COMMIT the server never gets: the host is free again, and nothing was changed", async () => {
    const kept = proxy.keepNext();
    const opened = open();
    await kept.cut;
    expect(await opened).toBe("BUSY");
    await kept.deliver();
    expect(await stored()).toBe("");
    expect(await open()).toBe("accepted");
  });
});

test("a change whose caller leaves at the last moment is one that never happened", async () => {
  const leaving = new AbortController();
  const key = requestKey("AddAvailability", randomUUID(), []);
  const request = { hostId, key, response: answerAsGiven };
  const caller = { signal: leaving.signal, deadline: Infinity };
  const changed = changeHost({ pool, turns: createTurns(turnLimits) }, request, caller, async ({ run }) => {
    await run({ text: "update users set display_name = 'changed' where id = $1", values: [hostId] });
    leaving.abort(new Error("left"));
    return {};
  });
  await expect(changed).rejects.toThrow("left");
  const { rowCount } = await pool.query("select from users where display_name = 'changed'");
  expect(rowCount).toBe(0);
  expect((await pool.query("select from requests")).rowCount).toBe(0);
});
