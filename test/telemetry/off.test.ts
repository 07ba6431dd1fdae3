/** A process without a collector makes no traces. It passes on what a caller has begun. */

import type { IncomingHttpHeaders } from "node:http2";
import { expect, test } from "vitest";
import { FORM_OF_A_TOKEN } from "../gateway/by-hand.ts";
import { startingInFront } from "../gateway/in-front-of.ts";
import { answerMessage } from "../gateway/upstream.ts";
import { callersSpan } from "./traced-pair.ts";

const inFrontOf = startingInFront();

async function seenBehindGateway(headers: Readonly<Record<string, string>>): Promise<IncomingHttpHeaders> {
  let seen: IncomingHttpHeaders = {};
  const { before } = await inFrontOf((stream, received) => {
    seen = received;
    answerMessage(stream);
  });
  await fetch(`${before.url}/users/1`, { headers: { ...FORM_OF_A_TOKEN, ...headers } });
  return seen;
}

test("no header of a trace is added to a call", async () => {
  expect(await seenBehindGateway({})).not.toHaveProperty("traceparent");
});

test.each(["00", "01"] as const)("what a caller has begun goes on as it is, with the flags %s", async (flags) => {
  const { headers } = callersSpan(flags);
  const seen = await seenBehindGateway({ ...headers, tracestate: "a=b" });
  expect(seen).toMatchObject({ ...headers, tracestate: "a=b" });
});

test("a header that is no traceparent ends here, and its tracestate with it", async () => {
  const seen = await seenBehindGateway({ traceparent: "00-1-2-3", tracestate: "a=b" });
  expect(seen).not.toHaveProperty("traceparent");
  expect(seen).not.toHaveProperty("tracestate");
});
