import { expect, test } from "vitest";
import { ANY_TIME } from "../../../test/support/calendars.ts";
import type { Caller } from "../../../shared/caller.ts";
import { DAY_MS, HOUR_MS } from "../../../shared/time-units.ts";
import { rememberCalendars } from "./calendars.ts";

const patient: Caller = { signal: new AbortController().signal, deadline: Infinity };

/** An Availability of which no answer comes further than an hour. */
const cutUp = {
  snapshot: async (_hostId: string, { start }: { readonly start: number }, generation: number) => ({
    generation,
    covered: { start, end: start + HOUR_MS },
    intervals: [],
    rules: ANY_TIME,
  }),
  assertGuest: async () => undefined,
};

test("an answer is known to serve only as far as it comes", async () => {
  const calendars = rememberCalendars(cutUp, async () => 0);
  await calendars.at("host", 0, -Infinity, patient);
  expect([0, HOUR_MS - 1, HOUR_MS].map((start) => calendars.has("host", start))).toEqual([true, true, false]);
});

test("of one host so many answers are kept, the latest, however many are asked for", async () => {
  const calendars = rememberCalendars(cutUp, async () => 0);
  const starts = Array.from({ length: 300 }, (_, day) => day * DAY_MS + HOUR_MS);
  for (const start of starts) await calendars.at("host", start, -Infinity, patient);
  const kept = starts.map((start) => calendars.has("host", start));
  expect(kept.filter(Boolean).length).toBeLessThanOrEqual(100);
  expect(kept.slice(-30)).not.toContain(false);
});
