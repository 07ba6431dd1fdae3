/** `npm run audit`, as an operator runs it. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";

let pair: Pair;

beforeAll(async () => {
  pair = await startPair();
});

afterAll(() => pair.stop());

describe("npm run audit", () => {
  const main = fileURLToPath(new URL("../../services/ops/audit/main.ts", import.meta.url));

  async function run(env: Record<string, string>): Promise<{ code: unknown; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [main], { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
      );
    });
  }

  const variables = () => ({
    AVAILABILITY_DATABASE_URL: pair.availability.databaseUrl,
    BOOKING_DATABASE_URL: pair.booking.databaseUrl,
  });

  test("ends with 0 and one line if all is well, with 1 and a line for each violation if not", async () => {
    const hostId = await createHost(pair.clients);
    const guestId = await createGuest(pair.clients);
    await openTime(pair.clients, hostId, hours(8, 12));
    const { start, end } = hours(8, 9);
    const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
    const { id } = (await pair.clients.bookings.createBooking({ hostId, guestId, ...times })).booking!;
    const well = await run(variables());
    expect(well).toEqual({ code: 0, stdout: "audit: no violation found\n", stderr: well.stderr });
    expect(well.stderr).toMatch(/^audit: zone data: Node\.js has version .*; PostgreSQL \d+\..*\n$/);
    expect(well.stderr).toContain(`Node.js has version ${process.versions["tz"]},`);
    const booking = poolOf(pair.booking.databaseUrl);
    await booking.query("delete from booking_events");
    await booking.end();
    expect(await run(variables())).toEqual({
      code: 1,
      stdout:
        `FEED_END: the feed of host ${hostId} ends at 0, its counter at 1\n` +
        `REPLAY: booking ${id} of host ${hostId} is stored and is not in the feed\n`,
      stderr: well.stderr,
    });
  });

  test.each([
    ["a setting is missing", { AVAILABILITY_DATABASE_URL: "" }, "AVAILABILITY_DATABASE_URL is required"],
    ["a database is out of reach", { BOOKING_DATABASE_URL: "postgres://a:secret@127.0.0.1:1/none" }, "ECONNREFUSED"],
  ])("ends with 2, and one line that says why, if %s", async (_what, wrong, why) => {
    const { code, stdout, stderr } = await run({ ...variables(), ...wrong });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain(why);
    expect(stderr).not.toContain("secret");
  });
});
