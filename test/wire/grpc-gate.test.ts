/** The gRPC port knows who calls before it looks at a body, and loses nothing of it meanwhile. */

import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Identity } from "../../shared/auth/identity.ts";
import { CreateUserRequestSchema, UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import type { Call } from "../../shared/rpc/handler.ts";
import { serviceEntry } from "../../shared/service/serve.ts";
import { envelope } from "../support/hostile/frames.ts";
import { grpcEnding, grpcRequest } from "./calls.ts";
import { startWireService, until, type WireService } from "./service.ts";
import { usersOpenFor, usersWith } from "./user-stubs.ts";

const CREATE_USER = "/availability.v1.UserService/CreateUser";
const EMAIL = "ada@example.org";
const admin: Identity = { subject: "ada", role: "ADMIN", expireTime: Infinity };

let service: WireService;
let session: ClientHttp2Session;
/** The calls that came to the handler. */
let calls: { readonly email: string; readonly call: Call }[];
/** Answers to the question whose the tokens are, as far as they have been given. */
let verifying: PromiseWithResolvers<Identity>[];

beforeEach(async () => {
  calls = [];
  verifying = [];
  const handlers = usersWith({
    async createUser({ email }, call) {
      calls.push({ email, call });
      return { user: { email } };
    },
  });
  const access = usersOpenFor({ createUser: { ADMIN: "everybody" } });
  service = await startWireService({
    services: [serviceEntry(UserService, handlers, access)],
    authentication: {
      identify() {
        const question = Promise.withResolvers<Identity>();
        verifying.push(question);
        return question.promise;
      },
      tellsWhy: false,
    },
  });
  session = connectHttp2(service.grpcUrl);
});

afterEach(async () => {
  session.destroy();
  await service.stop();
});

/** With a token that `identify` is asked about. */
const withToken = { authorization: "Bearer a.b.YQ" };

function open(headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
  return grpcRequest(session, CREATE_USER, headers);
}

const NOT_GZIP = envelope(Buffer.from("not gzip"), 1);
const message = envelope(toBinary(CreateUserRequestSchema, create(CreateUserRequestSchema, { email: EMAIL })));

test("a body without a token is not read: not waited for, and not decompressed", async () => {
  const refused = { code: status.UNAUTHENTICATED, message: "a valid access token is required" };
  expect(await grpcEnding(open())).toEqual(refused);
  const compressed = open({ "grpc-encoding": "gzip" });
  compressed.end(NOT_GZIP);
  expect(await grpcEnding(compressed)).toEqual(refused);
  expect(service.lines.map(({ code }) => code)).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
});

test("a body whose token is being verified waits, whole, and is read when that is done", async () => {
  const stream = open(withToken);
  stream.write(message.subarray(0, 3));
  stream.end(message.subarray(3));
  const ending = grpcEnding(stream);
  await until(() => verifying.length === 1);
  // All that was sent has come when the answer to a later ping has.
  await new Promise((pong) => void session.ping(pong));
  expect(calls).toEqual([]);
  verifying[0]?.resolve(admin);
  expect(await ending).toEqual({ code: status.OK, message: "OK" });
  expect(calls.map(({ email, call }) => [email, call.actor])).toEqual([[EMAIL, "ada"]]);
});

test.each([
  ["with its headers", true],
  ["right after them", false],
])("a body that is empty, and ends %s, is as wrong after its token is verified as before", async (_when, atOnce) => {
  const stream = grpcRequest(session, CREATE_USER, withToken, atOnce);
  if (!atOnce) stream.end();
  const ending = grpcEnding(stream);
  await until(() => verifying.length === 1);
  await new Promise((pong) => void session.ping(pong));
  verifying[0]?.resolve(admin);
  expect((await ending).code).toBe(status.UNIMPLEMENTED);
});

test.each([
  ["content-type", "application/grpc+pro\u00F4o"],
  ["grpc-encoding", "gz\u00EDp"],
])("a %s with letters that no header has is written nowhere", async (name, value) => {
  const written = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const stream = open({ ...withToken, [name]: value });
  stream.end(message);
  const ending = grpcEnding(stream);
  await until(() => verifying.length === 1);
  verifying[0]?.resolve(admin);
  expect((await ending).code).toBe(status.OK);
  expect(written.mock.calls).toEqual([]);
});

test("a token that turns out to be none is refused without a look at the body", async () => {
  const stream = open({ ...withToken, "grpc-encoding": "gzip" });
  stream.write(NOT_GZIP);
  const ending = grpcEnding(stream);
  await until(() => verifying.length === 1);
  verifying[0]?.reject(new Error("the keys are out of reach"));
  expect(await ending).toEqual({
    code: status.UNAVAILABLE,
    message: "access tokens cannot be verified at the moment",
  });
  expect(service.lines).toMatchObject([{ code: "UNAVAILABLE", level: 50 }]);
});

test("the time that it takes to verify a token is part of the caller's", async () => {
  const stream = open({ ...withToken, "grpc-timeout": "200m" });
  stream.end(message);
  const ending = grpcEnding(stream);
  await until(() => verifying.length === 1);
  const begun = performance.now();
  await until(() => performance.now() - begun > 250);
  verifying[0]?.resolve(admin);
  expect((await ending).code).toBe(status.DEADLINE_EXCEEDED);
});

test.each([
  ["good", (question?: PromiseWithResolvers<Identity>) => question?.resolve(admin)],
  ["bad", (question?: PromiseWithResolvers<Identity>) => question?.reject(new Error("it is none"))],
])(
  "a client that leaves while its token is verified is forgotten, be that %s, and others are answered",
  async (_what, answer) => {
    const leaving = open(withToken);
    leaving.end(message);
    await until(() => verifying.length === 1);
    leaving.close(constants.NGHTTP2_INTERNAL_ERROR);
    await new Promise((pong) => void session.ping(pong));
    answer(verifying[0]);
    const next = open(withToken);
    next.end(message);
    await until(() => verifying.length === 2);
    verifying[1]?.resolve(admin);
    expect(await grpcEnding(next)).toEqual({ code: status.OK, message: "OK" });
    expect(calls).toHaveLength(1);
  },
);
