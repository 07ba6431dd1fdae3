import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { createCommand, hourOf } from "../../../test/support/lanes.ts";
import { pend } from "./pending.ts";

test.each<[what: string, answer: (pending: ReturnType<typeof pend>) => void]>([
  ["with an outcome", (pending) => pending.resolve({ kind: "stale" })],
  ["with an error", (pending) => pending.reject(new Error("no"))],
])("a command that is answered %s is no longer kept by its caller's signal", async (_what, answer) => {
  const { signal } = new AbortController();
  const pending = pend(createCommand("01234567-89ab-7def-8123-456789abcdef", hourOf(1)), {
    signal,
    deadline: Infinity,
  });
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  answer(pending);
  await pending.answer.catch(() => undefined);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});
