import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OPEN } from "../../auth/access.ts";
import { UserService } from "../../gen/availability/v1/user_service_pb.ts";
import { MINUTE_MS } from "../../time-units.ts";
import { OpenCalls } from "./open-calls.ts";
import { createLimit, UNLIMITED } from "./rate-limit.ts";
import type { Route } from "../route.ts";

const READS_PER_SECOND = 2;
const WINDOW_READS = 5 * READS_PER_SECOND;

const log = pino({ level: "silent" });
const { listUsers: method } = UserService.method;
const route: Route = { kind: "unary", method, path: "/list", handler: async () => ({}), access: OPEN, log };

let ask: (subject: string) => Promise<boolean>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  const calls = new OpenCalls();
  const limit = createLimit({ ...UNLIMITED, readsPerSecond: READS_PER_SECOND });
  ask = async (subject) => {
    const call = calls.open({ method, log, transport: "test", timeoutMs: undefined });
    call.identity = { subject, role: "HOST", expireTime: Infinity };
    const served = limit(route, call).then(
      () => true,
      () => false,
    );
    call.close(undefined);
    return served;
  };
});

afterEach(() => {
  vi.useRealTimers();
});

test("whoever asks without end gets its rate, and five seconds of it at once, and no more", async () => {
  const EVERY_MS = 20;
  let served = 0;
  for (let passedMs = 0; passedMs < MINUTE_MS; passedMs += EVERY_MS) {
    if (await ask("greedy")) served += 1;
    vi.advanceTimersByTime(EVERY_MS);
    if (passedMs === 1000) expect(served).toBe(WINDOW_READS);
  }
  expect(served).toBe(READS_PER_SECOND * (MINUTE_MS / 1000));
});

test("whoever keeps to its rate is never stopped", async () => {
  for (let count = 0; count < 100; count += 1) {
    expect(await ask("modest")).toBe(true);
    vi.advanceTimersByTime(1000 / READS_PER_SECOND);
  }
});

test("each caller has its own", async () => {
  for (let count = 0; count < WINDOW_READS; count += 1) await ask("greedy");
  expect([await ask("greedy"), await ask("another")]).toEqual([false, true]);
});
