import type { ServerHttp2Stream } from "node:http2";
import { PassThrough } from "node:stream";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WaitingClient } from "./waiting.ts";

let stream: PassThrough;
let client: WaitingClient;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  stream = new PassThrough();
  client = new WaitingClient(stream as unknown as ServerHttp2Stream, 1000);
});

afterEach(() => {
  vi.useRealTimers();
});

/** What is still there for the client: its timer, and who listens for its leaving. */
const kept = (): number[] => [vi.getTimerCount(), stream.listenerCount("close")];

test("a client that nobody waits for costs nothing", () => {
  expect(kept()).toEqual([0, 0]);
});

test("its wait ends with its timeout, and nothing is left of it", () => {
  const { signal } = client;
  vi.advanceTimersByTime(999);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.reason).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  expect(kept()).toEqual([0, 0]);
});

test("its wait ends when it leaves", () => {
  const { signal } = client;
  stream.emit("close");
  expect(signal.reason).toMatchObject({ code: status.CANCELLED });
  expect(kept()).toEqual([0, 0]);
});

test("once it is known who calls, nothing is left to wait until the timeout, and nothing ends the wait any more", () => {
  const { signal } = client;
  expect(kept()).toEqual([1, 1]);
  client.release();
  expect(kept()).toEqual([0, 0]);
  stream.emit("close");
  vi.advanceTimersByTime(1000);
  expect(signal.aborted).toBe(false);
});
