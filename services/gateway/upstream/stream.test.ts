import { create, type Message } from "@bufbuild/protobuf";
import { pino } from "pino";
import { expect, test } from "vitest";
import { BookingService, WatchBookingsResponseSchema } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { OpenCalls } from "../../../shared/rpc/call/open-calls.ts";
import { openEndings } from "./ending.ts";
import { streamTexts } from "./stream.ts";

test("a service that fails when it is told that nobody reads any more disturbs nobody", async () => {
  const log = pino({ level: "silent" });
  const call = new OpenCalls().open({
    method: BookingService.method.watchBookings,
    log,
    transport: "json",
    timeoutMs: undefined,
  });
  let told = 0;
  const rest: AsyncIterator<Message> = {
    next: () => new Promise(() => undefined),
    async return() {
      told += 1;
      throw new Error("the connection was lost");
    },
  };
  const form = { contentType: "text/plain", message: () => "a message", ending: () => "the end" };
  const texts = streamTexts(call, create(WatchBookingsResponseSchema), rest, form, openEndings(log));
  expect(await texts.next()).toEqual({ done: false, value: "a message" });
  await texts.return();
  expect([told, call.isClosed]).toEqual([1, true]);
  // A rejection that nobody handles is told after the microtasks, and fails this file.
  await new Promise(setImmediate);
});
