import { Client as GrpcClient, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import {
  CreateUserRequestSchema,
  CreateUserResponseSchema,
  GetUserRequestSchema,
  UserService,
} from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BadRequestSchema, ErrorInfoSchema, ResourceInfoSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";
import { peerTransport, reasonOf } from "../../shared/rpc/client.ts";
import { timeoutWithin } from "../../shared/caller.ts";
import { failure, http2Call, invalidUtf8, timeLeft } from "./calls.ts";
import { BROKEN, DEAF, HUGE, SLOW, startWireService, until, type WireService } from "./service.ts";

const USER = { email: "ada@example.org", displayName: "Ada", role: Role.HOST };
const GET_USER = "/availability.v1.UserService/GetUser";
const LIST_USERS = "/availability.v1.UserService/ListUsers";
const CREATE_USER = "/availability.v1.UserService/CreateUser";

let service: WireService;
let grpcJs: GrpcClient;

beforeAll(async () => {
  service = await startWireService();
  grpcJs = new GrpcClient(`127.0.0.1:${service.grpcPort}`, credentials.createInsecure());
});

afterAll(async () => {
  grpcJs.close();
  await service.stop();
});

const transports: Readonly<Record<string, (service: WireService) => Transport>> = {
  gRPC: ({ grpcUrl }) => createGrpcTransport({ baseUrl: grpcUrl }),
  "gRPC on the Connect port": ({ connectUrl }) => createGrpcTransport({ baseUrl: connectUrl }),
  "gRPC-Web, HTTP/1.1": ({ connectUrl }) => createGrpcWebTransport({ baseUrl: connectUrl, httpVersion: "1.1" }),
  "gRPC-Web, HTTP/2": ({ connectUrl }) => createGrpcWebTransport({ baseUrl: connectUrl, httpVersion: "2" }),
  "Connect JSON, HTTP/1.1": ({ connectUrl }) => connectTransport(connectUrl, "1.1", false),
  "Connect JSON, HTTP/2": ({ connectUrl }) => connectTransport(connectUrl, "2", false),
  "Connect binary, HTTP/1.1": ({ connectUrl }) => connectTransport(connectUrl, "1.1", true),
  "Connect binary, HTTP/2": ({ connectUrl }) => connectTransport(connectUrl, "2", true),
  "Connect GET": ({ connectUrl }) =>
    createConnectTransport({ baseUrl: connectUrl, httpVersion: "1.1", useHttpGet: true }),
};

function connectTransport(baseUrl: string, httpVersion: "1.1" | "2", useBinaryFormat: boolean): Transport {
  return createConnectTransport({ baseUrl, httpVersion, useBinaryFormat });
}

describe.each(Object.entries(transports))("over %s", (name, transportTo) => {
  test("a call is answered", async () => {
    const { user } = await createClient(UserService, transportTo(service)).createUser(USER);
    expect(user).toMatchObject({ id: "1", ...USER });
  });

  test("a refusal carries its code and details", async () => {
    const error = await failure(createClient(UserService, transportTo(service)).getUser({ userId: "nobody" }));
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toBe("there is no such user");
    expect(reasonOf(error)).toBe("USER_NOT_FOUND");
    expect(error.findDetails(ErrorInfoSchema)[0]?.domain).toBe("availability.v1");
    expect(error.findDetails(ResourceInfoSchema)[0]).toMatchObject({ resourceType: "User", resourceName: "nobody" });
  });

  test("every bad field is named, as its caller has written it", async () => {
    const written = name.startsWith("Connect JSON") ? "displayName" : "display_name";
    const request = { email: "ada", displayName: "A\0", role: Role.UNSPECIFIED };
    const error = await failure(createClient(UserService, transportTo(service)).createUser(request));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(reasonOf(error)).toBe("INVALID_REQUEST");
    expect(fieldsOf(error)).toEqual(["email", written, "role"]);
  });

  test("a bug of ours is a bare INTERNAL to the caller and whole in the log", async () => {
    const error = await failure(createClient(UserService, transportTo(service)).getUser({ userId: BROKEN }));
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).toBe("internal error");
    expect(error.details).toEqual([]);
    const line = service.lines.findLast(({ code }) => code === "INTERNAL");
    expect(line).toMatchObject({ level: 50, err: { message: "relation users does not exist" } });
  });

  test("a handler that ignores its deadline does not keep the caller waiting, and its signal is aborted", async () => {
    const client = createClient(UserService, transportTo(service));
    const before = service.calls.length;
    // The client's timer may run out before the service has seen anything of the call.
    while (service.calls.length === before) {
      const error = await failure(client.getUser({ userId: DEAF }, { timeoutMs: 2_000 }));
      expect(error.code).toBe(Code.DeadlineExceeded);
    }
    await until(() => service.calls.at(-1)?.signal.aborted === true);
    // The client's timer may be faster than ours; then it left.
    await until(() => ["DEADLINE_EXCEEDED", "CANCELLED"].includes(String(service.lines.at(-1)?.["code"])));
  });

  test("a client that leaves aborts the handler's signal", async () => {
    const client = createClient(UserService, transportTo(service));
    const leaving = new AbortController();
    const before = service.calls.length;
    const answer = failure(client.getUser({ userId: SLOW }, { signal: leaving.signal }));
    await until(() => service.calls.length > before);
    leaving.abort();
    expect((await answer).code).toBe(Code.Canceled);
    await until(() => service.calls.at(-1)?.signal.aborted === true);
    await until(() => service.lines.at(-1)?.["code"] === "CANCELLED");
  });

  test("an answer over the limit is an error, not a torn connection", async () => {
    const error = await failure(createClient(UserService, transportTo(service)).getUser({ userId: HUGE }));
    expect([Code.Internal, Code.ResourceExhausted]).toContain(error.code);
  });

  test("a request of a mebibyte is refused before it is decoded", async () => {
    const request = { ...USER, displayName: "x".repeat(1024 * 1024) };
    const error = await failure(createClient(UserService, transportTo(service)).createUser(request));
    expect(error.code).toBe(Code.ResourceExhausted);
  });
});

describe("grpc-js", () => {
  test("as a client gets the answer, and error details as a google.rpc.Status", async () => {
    const bytes = await grpcCall(CREATE_USER, toBinary(CreateUserRequestSchema, create(CreateUserRequestSchema, USER)));
    expect(fromBinary(CreateUserResponseSchema, bytes).user).toMatchObject({ id: "1", ...USER });
    const error = await grpcError(GET_USER, getUserBody("nobody"));
    expect(error.code).toBe(status.NOT_FOUND);
    const [details] = error.metadata.get("grpc-status-details-bin");
    const { code, details: anys } = fromBinary(StatusSchema, details as Buffer);
    expect(code).toBe(status.NOT_FOUND);
    expect(anys.map(({ typeUrl }) => typeUrl)).toEqual([
      "type.googleapis.com/google.rpc.ErrorInfo",
      "type.googleapis.com/google.rpc.RetryInfo",
      "type.googleapis.com/google.rpc.ResourceInfo",
    ]);
  });

  test("an answer over the limit is an error of the service's own", async () => {
    expect((await grpcError(GET_USER, getUserBody(HUGE))).code).toBe(status.INTERNAL);
  });

  test("an unknown method is UNIMPLEMENTED", async () => {
    expect((await grpcError("/availability.v1.UserService/DropUser", new Uint8Array())).code).toBe(
      status.UNIMPLEMENTED,
    );
    expect((await grpcError("/nobody.v1.Service/Get", new Uint8Array())).code).toBe(status.UNIMPLEMENTED);
  });

  test("a body that is no message is INVALID_ARGUMENT", async () => {
    expect((await grpcError(GET_USER, Buffer.from("ffffff", "hex"))).code).toBe(status.INVALID_ARGUMENT);
  });

  test("invalid UTF-8 names its field", async () => {
    const error = await grpcError(CREATE_USER, invalidUtf8());
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toContain("email is not valid UTF-8");
  });

  test.each([
    ["99999999H", 3_600_000],
    ["99999999S", 3_600_000],
    ["600H", 3_600_000],
    ["5S", 5_000],
    [undefined, 10_000],
  ])("the timeout %s leaves a call about %d ms", async (timeout, expectedMs) => {
    const answer = await rawGrpc(LIST_USERS, timeout === undefined ? {} : { "grpc-timeout": timeout });
    expect(answer.grpcStatus).toBe("0");
    expect(timeLeft(service)).toBeGreaterThan(expectedMs - 1_000);
    expect(timeLeft(service)).toBeLessThan(expectedMs + 1);
  });

  test("a deadline is kept for a client that keeps no time itself", async () => {
    const answer = await rawGrpc(GET_USER, { "grpc-timeout": "50m" }, getUserBody(DEAF));
    expect(answer.grpcStatus).toBe(String(status.DEADLINE_EXCEEDED));
    await until(() => service.lines.at(-1)?.["code"] === "DEADLINE_EXCEEDED");
  });

  test("a body that never comes is not waited for beyond the deadline", async () => {
    const answer = await rawGrpc(GET_USER, { "grpc-timeout": "50m" }, "none");
    expect(answer.grpcStatus).toBe(String(status.DEADLINE_EXCEEDED));
  });

  test.each(["-5S", "soon", "1e9S", "123456789m", ""])("the timeout %j is INVALID_ARGUMENT", async (timeout) => {
    const answer = await rawGrpc(LIST_USERS, { "grpc-timeout": timeout });
    expect(answer.grpcStatus).toBe(String(status.INVALID_ARGUMENT));
  });
});

describe("a service that calls its peer", () => {
  test("does so by Connect, HTTP/2 and binary, and reads the reason of a refusal", async () => {
    const transport = peerTransport(service.connectUrl);
    const error = await failure(createClient(UserService, transport).getUser({ userId: "x" }, { timeoutMs: 20_000 }));
    expect(reasonOf(error)).toBe("USER_NOT_FOUND");
    expect(service.lines.at(-1)).toMatchObject({ transport: "connect" });
    transport.close();
  });

  test("passes on what is left of its caller's deadline, within its own limit", () => {
    const left = timeoutWithin(performance.now() + 50_000, 100_000);
    expect(left).toBeGreaterThan(25_000);
    expect(left).toBeLessThanOrEqual(50_000);
    expect(timeoutWithin(Infinity, 2_000)).toBe(2_000);
    expect(timeoutWithin(performance.now() - 1, 2_000)).toBe(1);
    expect(reasonOf(new Error("no connection"))).toBeUndefined();
  });
});

function fieldsOf(error: ConnectError): string[] {
  return error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations.map(({ field }) => field));
}

function getUserBody(userId: string): Uint8Array {
  return toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { userId }));
}

function grpcCall(path: string, body: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const encode = (message: Uint8Array): Buffer => Buffer.from(message);
    const decode = (bytes: Buffer): Buffer => bytes;
    grpcJs.makeUnaryRequest(path, encode, decode, body, new Metadata(), (error, answer) => {
      if (error !== null) reject(error);
      else resolve(answer ?? Buffer.alloc(0));
    });
  });
}

async function grpcError(path: string, body: Uint8Array): Promise<ServiceError> {
  return new Promise((resolve, reject) => {
    grpcCall(path, body).then(() => reject(new Error("the call succeeded")), resolve);
  });
}

/** A gRPC call with headers that no client library would send. With "none", its body never comes. */
async function rawGrpc(
  path: string,
  headers: Record<string, string>,
  body: Uint8Array | "none" = new Uint8Array(),
): Promise<{ grpcStatus: unknown }> {
  const request = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers };
  const frame = body === "none" ? undefined : Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), body]);
  const { headers: answered, trailers } = await http2Call(service.grpcUrl, request, frame);
  return { grpcStatus: trailers["grpc-status"] ?? answered["grpc-status"] };
}
