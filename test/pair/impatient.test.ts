/** Callers whose time is over before anything is done for them: nothing is begun, and nothing that fails later harms anybody. */

import { randomUUID } from "node:crypto";
import { connect } from "node:http2";
import { create, type DescMethodUnary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { connectClients } from "../support/clients.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Served, startAvailabilityService } from "../support/pair.ts";
import { createGuest, tomorrow } from "../support/people.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { outcomeOf } from "../support/refusals.ts";
import { admin, guest, tokenOf, tokenSource } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";
import { http2Call } from "../wire/calls.ts";
import { startWireService, until, type WireService } from "../wire/service.ts";

const GET_USER = "/availability.v1.UserService/GetUser";
const WATCH = "/booking.v1.BookingService/WatchBookings";
const NO_MESSAGE = Buffer.alloc(0);
const GRPC = { "content-type": "application/grpc", te: "trailers", "grpc-timeout": "1u" };

/** A message as gRPC, and Connect's streams, send it. */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

describe("a call with no time left does not reach its handler", () => {
  let service: WireService;
  beforeAll(async () => {
    service = await startWireService();
  });
  afterAll(() => service.stop());

  const connectCall = { "content-type": "application/proto", "connect-timeout-ms": "0" };
  const connectStream = { "content-type": "application/connect+proto", "connect-timeout-ms": "0" };
  test.each([
    ["a unary call over gRPC", "grpcUrl", GET_USER, GRPC, framed(NO_MESSAGE)],
    ["a stream over gRPC", "grpcUrl", WATCH, GRPC, framed(NO_MESSAGE)],
    ["a unary call over Connect", "connectUrl", GET_USER, connectCall, NO_MESSAGE],
    ["a stream over Connect", "connectUrl", WATCH, connectStream, framed(NO_MESSAGE)],
  ] as const)("%s", async (_what, url, path, headers, body) => {
    const lines = service.lines.length;
    await http2Call(service[url], { ":method": "POST", ":path": path, ...headers }, body);
    await until(() => service.lines.length > lines);
    expect(service.lines.at(-1)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(service.calls).toEqual([]);
  });
});

describe("any number of calls that leave at once do not end the process", () => {
  const TIMES = 100;
  let guestId: string;
  let databases: { availability: TestDatabase; booking: TestDatabase };
  let availability: Served;
  let link: Link;
  let booking: ServiceProcess;
  let authorization: string;

  beforeAll(async () => {
    databases = { availability: await createDatabase("availability"), booking: await createDatabase("booking") };
    availability = await startAvailabilityService(databases.availability.url);
    const { connectUrl } = availability;
    guestId = await createGuest(connectClients(connectUrl, connectUrl, tokenSource(admin)));
    link = await startLink(connectUrl);
    const variables = { DATABASE_URL: databases.booking.url, AVAILABILITY_URL: link.url };
    booking = await startProcess("booking", variables);
    const clients = connectClients(availability.connectUrl, booking.connectUrl, tokenSource(admin));
    guestId = await createGuest(clients);
    authorization = `Bearer ${await tokenOf(guest(guestId))}`;
    // Whom the token names is known: what the calls wait for is what they ask.
    const { bookings } = connectClients(link.url, booking.connectUrl, tokenSource(guest(guestId)));
    await bookings.listBookings({ guestId });
  });

  afterAll(async () => {
    await booking.stop();
    await link.close();
    await availability.stop();
    await Promise.all(Object.values(databases).map((database) => database.drop()));
  });

  const times = { startTime: timestampFromMs(tomorrow(8)), endTime: timestampFromMs(tomorrow(9)) };
  /** About unknown hosts, so that Booking must ask Availability, which says no. */
  const calls = () => [
    bytesOf(BookingService.method.listOpenSlots, { hostId: randomUUID() }),
    bytesOf(BookingService.method.createBooking, { hostId: randomUUID(), guestId, ...times }),
  ];

  function bytesOf<Method extends DescMethodUnary>(method: Method, request: MessageInitShape<Method["input"]>) {
    const path = `/${method.parent.typeName}/${method.name}`;
    return { path, message: Buffer.from(toBinary(method.input, create(method.input, request))) };
  }

  /** The codes with which many calls end that have a microsecond. */
  async function manyByGrpc(): Promise<unknown[]> {
    const session = connect(`http://${booking.grpcAddress}`);
    const ended = Array.from({ length: TIMES }, calls)
      .flat()
      .map(({ path, message }) => {
        const stream = session.request({ ":method": "POST", ":path": path, ...GRPC, authorization });
        const { promise, resolve, reject } = Promise.withResolvers<unknown>();
        stream.on("trailers", (trailers) => resolve(trailers["grpc-status"]));
        stream.on("response", (headers) => {
          if ("grpc-status" in headers) resolve(headers["grpc-status"]);
        });
        stream.on("error", reject);
        stream.resume();
        stream.end(framed(message));
        return promise;
      });
    const codes = await Promise.all(ended);
    session.close();
    return codes;
  }

  async function manyByConnect(timeoutMs: string): Promise<unknown[]> {
    const headers = { "content-type": "application/proto", "connect-timeout-ms": timeoutMs, authorization };
    const ended = Array.from({ length: TIMES }, calls)
      .flat()
      .map(async ({ path, message }) => {
        const answer = await fetch(`${booking.connectUrl}${path}`, { method: "POST", headers, body: message });
        const { code } = (await answer.json()) as { code: unknown };
        return code;
      });
    return Promise.all(ended);
  }

  test.each([
    ["answers", "open", "USER_NOT_FOUND"],
    ["is out of reach", "cut", "PEER_UNAVAILABLE"],
  ] as const)("while Availability %s", async (_what, state, reason) => {
    link.set(state);
    expect(new Set(await manyByGrpc())).toEqual(new Set([String(status.DEADLINE_EXCEEDED)]));
    expect(new Set(await manyByConnect("0"))).toEqual(new Set(["deadline_exceeded"]));
    // Some of these are fast enough: also for the end of a question that was asked for somebody with as little time.
    const atMost = new Set(["deadline_exceeded", "unavailable", ...(state === "open" ? ["not_found"] : [])]);
    expect(new Set(await manyByConnect("1")).difference(atMost)).toEqual(new Set());
    const { bookings } = connectClients(link.url, booking.connectUrl, tokenSource(guest(guestId)));
    // All those have left work behind, and one service waits for the other for two seconds only.
    await waitFor(async () => expect(await outcomeOf(bookings.listOpenSlots({ hostId: randomUUID() }))).toBe(reason));
  });
});
