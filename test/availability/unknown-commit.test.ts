/** What a caller of Availability is told when the connection to the database is lost during the commit. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeHost } from "../../services/availability/storage/change-host.ts";
import { turnLimits } from "../../services/availability/storage/lock-wait.ts";
import { requestKey } from "../../shared/request-key.ts";
import { createTurns } from "../../shared/turns.ts";
import { answerAsGiven } from "../support/host-requests.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { hours, inHours, storedIntervals } from "../support/hosts-time.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/refusals.ts";
import { admin, tokenSource } from "../support/tokens.ts";

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

/** Opens 8 to 10. */
function add(): Promise<string> {
  const during = hours(8, 10);
  const range = { startTime: timestampFromMs(during.start), endTime: timestampFromMs(during.end) };
  const request = { hostId, ...range, slotDurationMinutes: 30, requestId: randomUUID() };
  return outcomeOf(clients.availability.addAvailability(request));
}

const stored = async (): Promise<string> => inHours(await storedIntervals(pool, hostId));

test("of an addition that was committed: the caller gets the answer", async () => {
  proxy.cutNextCommit("after");
  expect(await add()).toBe("accepted");
  expect(await stored()).toBe("8-10");
});

test("of an addition that was not: the caller is told that nothing was changed", async () => {
  proxy.cutNextCommit("before");
  expect(await add()).toBe("BUSY");
  expect(await stored()).toBe("");
});

test("of an addition without a request_id: the caller is told that nobody knows", async () => {
  proxy.cutNextCommit("after");
  expect(await outcomeOf(openTime(clients, hostId, hours(8, 10)))).toBe("OUTCOME_UNKNOWN");
});

describe("of an addition whose COMMIT the server gets later", () => {
  test("the caller gets the answer", async () => {
    const kept = proxy.keepNext();
    const added = add();
    await kept.cut;
    await Promise.race([somebodyWaits(pool), added]);
    await kept.deliver();
    expect(await added).toBe("accepted");
    expect(await stored()).toBe("8-10");
  });

  test("and does not finish: nobody is told that nothing was changed", async () => {
    const gate = await stopCommitsTo(pool, "requests");
    const kept = proxy.keepNext();
    const added = add();
    await kept.cut;
    const delivered = kept.deliver();
    await gate.reached;
    expect(await added).toBe("OUTCOME_UNKNOWN");
    await gate.end();
    await delivered;
    expect(await stored()).toBe("8-10");
  });

  test("or never: the host is free again, and nothing was changed", async () => {
    const kept = proxy.keepNext();
    const added = add();
    await kept.cut;
    expect(await added).toBe("BUSY");
    await kept.deliver();
    expect(await stored()).toBe("");
    expect(await add()).toBe("accepted");
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
