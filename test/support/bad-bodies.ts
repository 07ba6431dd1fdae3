/** Calls that are no good message to begin with: JSON that stands for none, and bytes that are not even that. */

import { request } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { CreateUserRequestSchema } from "../../shared/gen/availability/v1/user_service_pb.ts";
import type { Known } from "./bad-requests/row.ts";
import { endingOfHttp } from "./endings.ts";
import { grpcChannel } from "./grpc.ts";
import type { Served } from "./pair.ts";
import { admin, authorizationOf } from "./tokens.ts";

interface BadBody {
  readonly what: string;
  readonly path: string;
  readonly body: (known: Known) => string;
  readonly fields: readonly string[];
}

const ADD = "/availability.v1.AvailabilityService/AddAvailability";
const BOOK = "/booking.v1.BookingService/CreateBooking";
const CREATE_USER = "/availability.v1.UserService/CreateUser";

/** Free hours of 2027, and a free slot of the host. */
const hours = { startTime: "2027-02-01T10:00:00Z", endTime: "2027-02-01T13:00:00Z", slotDuration: 30 };

function add(what: string, change: object, ...fields: string[]): BadBody {
  return { what, path: ADD, body: ({ hostId }) => JSON.stringify({ hostId, ...hours, ...change }), fields };
}

function book(what: string, change: object, ...fields: string[]): BadBody {
  const body = ({ hostId, guestId, at }: Known): string => {
    const [startTime, endTime] = [10, 10.5].map((hour) => new Date(Number(at(hour).seconds) * 1000).toISOString());
    return JSON.stringify({ hostId, guestId, startTime, endTime, ...change });
  };
  return { what, path: BOOK, body, fields };
}

function update(what: string, change: object, ...fields: string[]): BadBody {
  const path = "/availability.v1.AvailabilityService/UpdateRules";
  return { what, path, body: ({ hostId }) => JSON.stringify({ hostId, seats: 2, ...change }), fields };
}

/** What only JSON can say. Each is refused with INVALID_REQUEST. */
export const badBodies: readonly BadBody[] = [
  add("30 February", { startTime: "2027-02-30T10:00:00Z" }, "startTime"),
  add("2027-02-31", { endTime: "2027-02-31T13:00:00Z" }, "endTime"),
  add("29 February of no leap year", { startTime: "2027-02-29T10:00:00Z" }, "startTime"),
  add("24:00", { startTime: "2027-02-01T24:00:00Z" }, "startTime"),
  add("a leap second", { startTime: "2026-12-31T23:59:60Z" }, "startTime"),
  add("the year 1", { startTime: "0001-01-01T00:00:00Z" }, "startTime"),
  add("the year 10000", { endTime: "+10000-01-01T00:00:00Z" }, "endTime"),
  add("a microsecond", { startTime: "2027-02-01T10:00:00.000001Z" }, "startTime"),
  add("a time without a zone", { startTime: "2027-02-01T10:00:00" }, "startTime"),
  add("a day without a time", { startTime: "2027-02-01" }, "startTime"),
  add("a time as a number", { startTime: 1_800_000_000 }, "startTime"),
  add("an offset of 25 hours", { startTime: "2027-02-01T10:00:00+25:00" }, "startTime"),
  add("half a minute", { slotDuration: 0.5 }, "slotDuration"),
  add("2^31 minutes", { slotDuration: 2 ** 31 }, "slotDuration"),
  add("minutes in words", { slotDuration: "thirty" }, "slotDuration"),
  add("minutes in hexadecimal", { slotDuration: "0x1e" }, "slotDuration"),
  add("minutes with a blank", { slotDuration: " 30" }, "slotDuration"),
  add("minutes that are an empty text", { slotDuration: "" }, "slotDuration"),
  add("the slot duration by two of its names", { slotDurationMinutes: 30 }, "slotDuration"),
  add("an hour that is none, in the contract's words", { startTime: undefined, start_time: "10:00" }, "start_time"),
  add("a slot of no time, in full words", { slotDuration: undefined, slotDurationMinutes: 0 }, "slotDurationMinutes"),
  add("an id that is a number", { hostId: 7 }, "hostId"),
  add("a lone surrogate", { requestId: "\uD800" }, "requestId"),
  add("a field by both of its names", { host_id: "01900000-0000-7000-8000-000000000001" }, "hostId"),
  add(
    "several at once",
    { hostId: 7, endTime: "soon", slotDuration: 0.5, more: 1 },
    "hostId",
    "endTime",
    "slotDuration",
    "more",
  ),
  book("a typo in holdSeconds", { holdSecond: 60 }, "holdSecond"),
  book("a hold of 9.5 seconds", { holdSeconds: 9.5 }, "holdSeconds"),
  book("labels that are a list", { labels: ["a"] }, "labels"),
  book("a label that is a number", { labels: { a: 1 } }, "labels"),
  book("a label that is null", { labels: { a: null } }, "labels"),
  book("a label with half a letter", { labels: { a: "\uD800" } }, "labels"),
  book("a key with half a letter", { labels: { "\uD800": "a" } }, "labels"),
  update("a mask that is a list", { updateMask: ["seats"] }, "updateMask"),
  update("a mask that is an object", { updateMask: { paths: ["seats"] } }, "updateMask"),
  update("a mask with blanks", { updateMask: "seats, horizonDays" }, "updateMask"),
  update("a mask in the contract's words that names no field", { update_mask: "seat_count" }, "update_mask"),
  update("a mask in capitals", { updateMask: "SEATS" }, "updateMask"),
  update("a mask of what objects inherit", { updateMask: "__proto__,constructor" }, "updateMask"),
  update("no slot duration for a mask in JSON's words", { updateMask: "slotDuration" }, "slotDuration"),
  update("no slot duration for a mask in full words", { updateMask: "slotDurationMinutes" }, "slotDuration"),
  update(
    "no slot duration for a mask in the contract's words",
    { updateMask: "slot_duration_minutes" },
    "slotDuration",
  ),
  {
    what: "a state that does not exist",
    path: "/booking.v1.BookingService/ListBookings",
    body: ({ hostId }) => JSON.stringify({ hostId, states: ["HELD"] }),
    fields: ["states"],
  },
  {
    what: "a role without its prefix",
    path: CREATE_USER,
    body: () => '{"email":"a@b.de","displayName":"A","role":"HOST"}',
    fields: ["role"],
  },
  { what: "an array", path: ADD, body: () => "[]", fields: [""] },
  { what: "null", path: ADD, body: () => "null", fields: [""] },
];

interface BadCall {
  readonly what: string;
  /** To Availability. Returns the code: gRPC's name, or `HTTP <status>` where HTTP itself refuses. */
  readonly send: (service: Served, known: Known) => Promise<string>;
  readonly code: string;
}

const MEBIBYTE = 1024 * 1024;
/** The field `email` of CreateUserRequest, one byte long, which is no UTF-8. */
const NOT_UTF8 = new Uint8Array([0x0a, 0x01, 0xff]);
/** A field whose length exceeds the message. */
const TORN = new Uint8Array([0x0a, 0x7f, 0x61]);
const large = toBinary(CreateUserRequestSchema, create(CreateUserRequestSchema, { displayName: "x".repeat(MEBIBYTE) }));

/** What breaks before there is a message. No reason is promised, except for text that a message could be read around. */
export const badCalls: readonly BadCall[] = [
  { what: "broken JSON", send: post("application/json", '{"hostId":'), code: "INVALID_ARGUMENT" },
  { what: "an empty body as JSON", send: post("application/json", ""), code: "INVALID_ARGUMENT" },
  { what: "JSON that is not UTF-8", send: post("application/json", NOT_UTF8), code: "INVALID_ARGUMENT" },
  {
    what: "JSON of a mebibyte",
    send: post("application/json", `{"email":"${"x".repeat(MEBIBYTE)}"}`),
    code: "RESOURCE_EXHAUSTED",
  },
  { what: "a binary message of a mebibyte", send: post("application/proto", large), code: "RESOURCE_EXHAUSTED" },
  { what: "a mebibyte over gRPC", send: grpc(CREATE_USER, large), code: "RESOURCE_EXHAUSTED" },
  {
    what: "a binary message with text that is not UTF-8",
    send: post("application/proto", NOT_UTF8),
    code: "INVALID_ARGUMENT",
  },
  { what: "text that is not UTF-8 over gRPC", send: grpc(CREATE_USER, NOT_UTF8), code: "INVALID_ARGUMENT" },
  { what: "a torn binary message", send: post("application/proto", TORN), code: "INVALID_ARGUMENT" },
  { what: "a torn message over gRPC", send: grpc(CREATE_USER, TORN), code: "INVALID_ARGUMENT" },
  { what: "a wrong content type", send: post("text/plain", "{}"), code: "HTTP 415" },
  {
    what: "an unknown content encoding",
    send: post("application/json", "{}", { "content-encoding": "zip" }),
    code: "UNIMPLEMENTED",
  },
  {
    what: "a timeout in words",
    send: post("application/json", "{}", { "connect-timeout-ms": "soon" }),
    code: "INVALID_ARGUMENT",
  },
  {
    what: "an unknown method",
    send: post("application/json", "{}", {}, "/availability.v1.UserService/DropUser"),
    code: "UNIMPLEMENTED",
  },
  { what: "an unknown service over gRPC", send: grpc("/nobody.v1.Nothing/Get", NOT_UTF8), code: "UNIMPLEMENTED" },
  {
    what: "an unknown method over gRPC",
    send: grpc("/availability.v1.UserService/DropUser", NOT_UTF8),
    code: "UNIMPLEMENTED",
  },
  { what: "a write by GET", send: get, code: "HTTP 405" },
  { what: "a malformed Host header", send: withHost("a b"), code: "HTTP 400" },
];

function post(
  contentType: string,
  body: string | Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
  path = CREATE_USER,
) {
  return async ({ connectUrl }: Served): Promise<string> => {
    const headers = { "content-type": contentType, ...(await authorizationOf(admin)), ...more };
    return (await endingOfHttp(await fetch(connectUrl + path, { method: "POST", headers, body }))).code;
  };
}

async function get({ connectUrl }: Served): Promise<string> {
  return (await endingOfHttp(await fetch(connectUrl + CREATE_USER))).code;
}

/** By node:http, because fetch does not let anybody choose this header. */
function withHost(host: string) {
  return ({ connectUrl }: Served): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const headers = { host, "content-type": "application/json" };
    const call = request(connectUrl + CREATE_USER, { method: "POST", headers }, (answer) => {
      answer.resume();
      resolve(`HTTP ${answer.statusCode}`);
    });
    call.on("error", reject).end("{}");
    return promise;
  };
}

/** Bytes that need not be a message. */
function grpc(path: string, body: Uint8Array) {
  return async ({ grpcAddress }: Served): Promise<string> => {
    const metadata = Metadata.fromHttp2Headers(await authorizationOf(admin));
    const channel = grpcChannel(grpcAddress);
    const { promise, resolve } = Promise.withResolvers<string>();
    const same = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
    channel.makeUnaryRequest(path, same, same, body, metadata, (error: ServiceError | null) => {
      channel.close();
      resolve(status[error?.code ?? status.OK]);
    });
    return promise;
  };
}
