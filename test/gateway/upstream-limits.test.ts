/** What a client of a service sends and takes at most, and how it ends. */

import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { ANSWER_MAX_BYTES, REQUEST_MAX_BYTES } from "../../shared/limits.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { failure } from "../wire/calls.ts";
import { waitUntil } from "../support/waits.ts";
import { type RawCall, reset, startRawUpstream } from "./raw-upstream.ts";
import { answerMessage, startUpstream } from "./upstream.ts";

const REFUSED_STREAM = 7;
const PATIENT = { timeoutMs: 60_000 };

let upstream: { stop(): Promise<void> } | undefined;
afterEach(async () => {
  await upstream?.stop();
  upstream = undefined;
});

test("a request that no service would take is not even begun, whether a service is there or not", async () => {
  const transport = peerTransport(`http://127.0.0.1:${await freePort()}`);
  const { createUser } = createClient(UserService, transport);
  const asked = (bytes: number) => failure(createUser({ displayName: "x".repeat(bytes) }, PATIENT));
  expect((await asked(REQUEST_MAX_BYTES)).code).toBe(Code.ResourceExhausted);
  expect((await asked(REQUEST_MAX_BYTES - 10)).code).toBe(Code.Unavailable);
  transport.close();
});

test.each([
  ["that is as large as ours may be is read, and is nonsense here", ANSWER_MAX_BYTES, Code.Internal],
  ["that is larger is not taken", ANSWER_MAX_BYTES + 1, Code.ResourceExhausted],
])("an answer %s", async (_what, bytes, code) => {
  const service = await startUpstream((stream) => answerMessage(stream, new Uint8Array(bytes)));
  upstream = service;
  const transport = peerTransport(service.connectUrl);
  expect((await failure(createClient(UserService, transport).createUser({}, PATIENT))).code).toBe(code);
  transport.close();
});

describe("a client that is closed ends what is under way, and its connection", () => {
  test.each<[what: string, refused: number]>([
    ["the usual one", 0],
    ["the one for second attempts", 1],
  ])("%s", async (_what, refused) => {
    const calls: RawCall[] = [];
    const service = await startRawUpstream((call) => {
      if (calls.push(call) <= refused) reset(call, REFUSED_STREAM);
    });
    upstream = service;
    const transport = peerTransport(service.connectUrl);
    const failed = failure(createClient(UserService, transport).createUser({}, PATIENT));
    await waitUntil(() => calls.length === refused + 1);
    transport.close();
    await waitUntil(() => calls[refused]?.socket.readableEnded);
    expect((await failed).code).not.toBe(Code.DeadlineExceeded);
  });
});
