import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HealthCheckResponse_ServingStatus as Serving } from "../../gen/health/v1/health_pb.ts";
import { HealthState } from "./health.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearInterval", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("however many watch, one look a second serves them all, and none is taken once they have left", async () => {
  let isReady = true;
  const state = new HealthState(async () => isReady, pino({ level: "silent" }));
  const leaving = new AbortController();
  expect(await state.current()).toBe(Serving.SERVING);
  const told = Array.from({ length: 100 }, () => state.changed(Serving.SERVING, leaving.signal));
  expect(vi.getTimerCount()).toBe(1);
  isReady = false;
  await vi.advanceTimersByTimeAsync(2_000);
  await Promise.all(told);
  expect(await state.current()).toBe(Serving.NOT_SERVING);
  expect(vi.getTimerCount()).toBe(0);

  const waiting = [0, 1].map(() => state.changed(Serving.NOT_SERVING, leaving.signal));
  expect(vi.getTimerCount()).toBe(1);
  leaving.abort();
  await Promise.all(waiting);
  expect(vi.getTimerCount()).toBe(0);
});
