import { Code, ConnectError } from "@connectrpc/connect";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SECOND_MS } from "../../../shared/time-units.ts";
import { openEndings } from "./ending.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("an outage is told every ten seconds, for each service, with how many calls it has cost since", () => {
  const told: unknown[] = [];
  const log = pino({ base: null }, { write: (line: string) => void told.push(JSON.parse(line)) });
  const endingOf = openEndings(log);
  const fail = (domain: string): unknown => endingOf(new ConnectError("gone", Code.Unavailable), domain);
  for (const domain of ["a", "a", "b", "a"]) fail(domain);
  expect(told).toMatchObject([
    { service: "a", calls: 1 },
    { service: "b", calls: 1 },
  ]);
  vi.advanceTimersByTime(10 * SECOND_MS + 1);
  for (const domain of ["a", "a"]) fail(domain);
  expect(told.slice(2)).toMatchObject([{ service: "a", calls: 3 }]);
});
