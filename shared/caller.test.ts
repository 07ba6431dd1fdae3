import { describe, expect, onTestFinished, test, vi } from "vitest";
import { unlessGone } from "./caller.ts";

/** What a wait ends with. */
function endOf(wait: Promise<unknown>): Promise<unknown> {
  return wait.catch((reason: unknown) => reason);
}

const left = new Error("left");

describe("an answer that fails when nobody waits for it any more is nobody's error", () => {
  test.each(["before it began to wait", "while it waited"])("if its caller left %s", async (when) => {
    const unheard = vi.fn<(reason: unknown) => void>();
    process.on("unhandledRejection", unheard);
    onTestFinished(() => void process.off("unhandledRejection", unheard));
    const { promise, reject } = Promise.withResolvers<never>();
    const leaving = new AbortController();
    if (when === "before it began to wait") leaving.abort(left);
    const end = endOf(unlessGone(promise, leaving));
    leaving.abort(left);
    expect(await end).toBe(left);
    reject(new Error("too late"));
    // Node looks for what nobody has heard after the microtasks, before the next turn of the loop.
    await new Promise(setImmediate);
    expect(unheard).not.toHaveBeenCalled();
  });
});

test("an answer is had by whoever still waits", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const leaving = new AbortController();
  const ends = [new AbortController(), leaving].map((caller) => endOf(unlessGone(promise, caller)));
  leaving.abort(left);
  expect(await ends[1]).toBe(left);
  resolve("the answer");
  expect(await ends[0]).toBe("the answer");
});
