import { expect, test } from "vitest";
import type { Caller } from "../../../shared/caller.ts";
import { DAY_MS, HOUR_MS } from "../../../shared/time-units.ts";
import { rememberSnapshots } from "./snapshots.ts";

const patient: Caller = { signal: new AbortController().signal, deadline: Infinity };

/** An Availability of which no answer comes further than an hour. */
const cutUp = {
  snapshot: async (_hostId: string, { start }: { readonly start: number }) => ({
    open: { intervals: [], slotMs: 0 },
    covered: { start, end: start + HOUR_MS },
  }),
  assertGuest: async () => undefined,
};

test("an answer is known to serve only as far as it comes", async () => {
  const snapshots = rememberSnapshots(cutUp, async () => 0);
  await snapshots.at("host", 0, -Infinity, patient);
  expect([0, HOUR_MS - 1, HOUR_MS].map((start) => snapshots.has("host", start))).toEqual([true, true, false]);
});

test("of one host so many answers are kept, the latest, however many are asked for", async () => {
  const snapshots = rememberSnapshots(cutUp, async () => 0);
  const starts = Array.from({ length: 300 }, (_, day) => day * DAY_MS + HOUR_MS);
  for (const start of starts) await snapshots.at("host", start, -Infinity, patient);
  const kept = starts.map((start) => snapshots.has("host", start));
  expect(kept.filter(Boolean).length).toBeLessThanOrEqual(100);
  expect(kept.slice(-30)).not.toContain(false);
});
