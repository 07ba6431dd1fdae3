/** What clients see of a service that is told to stop: how they learn of it in time, and that no call of theirs is lost. */

import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { connect as connectTcp, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createClient } from "@connectrpc/connect";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { envelope, FLAG, frame, headerBlock, HELLO, TYPE } from "../support/hostile/frames.ts";
import { DEAF, startingWireServices, until, type WireService } from "./service.ts";
import { transports } from "./transports.ts";

const start = startingWireServices();

const LIST_USERS = "/availability.v1.UserService/ListUsers";
const GET_USER = "/availability.v1.UserService/GetUser";
const WATCH = "/booking.v1.BookingService/WatchBookings";
const LAST_STREAM = 2 ** 31 - 1;

describe("during the pause", () => {
  test.each(Object.keys(transports) as (keyof typeof transports)[])(
    "calls on new connections are served: %s",
    async (name) => {
      const service = await start({ drainPauseMs: 1000 });
      const stopped = service.stop();
      expect(await service.isReady()).toBe(false);
      const users = createClient(UserService, transports[name](service));
      expect(await users.listUsers({})).toMatchObject({ users: [] });
      await stopped;
    },
  );

  test("each answer of HTTP/1.1 says that its connection ends with it, also one that was asked for before", async () => {
    const service = await start();
    const before = post(service, LIST_USERS, {});
    expect((await before).headers.connection).toBe("keep-alive");
    const underWay = post(service, GET_USER, { userId: DEAF }, { "connect-timeout-ms": "1000" });
    await until(() => service.calls.length === 2);
    const stopped = service.stop();
    expect((await post(service, LIST_USERS, {})).headers.connection).toBe("close");
    expect((await underWay).headers.connection).toBe("close");
    await stopped;
  });
});

describe("after the pause", () => {
  test("a client of HTTP/1.1 may call once more on the connection of its stream", async () => {
    const service = await start({ drainPauseMs: 0 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const watch = await post(
      service,
      WATCH,
      envelope(Buffer.alloc(0)),
      { "content-type": "application/connect+proto" },
      agent,
    );
    const { socket } = watch.resume();
    const stopped = service.stop();
    await once(watch, "end");
    const next = await post(service, LIST_USERS, {}, {}, agent);
    expect([next.statusCode, next.headers.connection, next.socket === socket]).toEqual([200, "close", true]);
    await stopped;
    agent.destroy();
  });

  test.each(["grpcPort", "connectPort"] as const)("a stream that is on its way to the %s is served", async (port) => {
    const service = await start({ drainPauseMs: 0 });
    const client = await rawClient(service[port]);
    const stopped = service.stop();
    await until(() => client.frames.some(({ type }) => type === TYPE.goAway));
    expect(lastStreams(client.frames)).toEqual([LAST_STREAM]);
    // As if it had been sent before the client read that it should not.
    client.call(1);
    await until(() => client.frames.some(({ type, stream }) => type === TYPE.headers && stream === 1));
    client.answerPings();
    await until(() => lastStreams(client.frames).length > 1);
    expect(new Set(lastStreams(client.frames))).toEqual(new Set([LAST_STREAM, 1]));
    await stopped;
  });
});

/** An answer to a body of JSON, or of bytes. */
async function post(
  { connectPort }: WireService,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
  agent = new Agent({ keepAlive: true }),
): Promise<IncomingMessage> {
  const json = { "content-type": "application/json" };
  const sent = httpRequest({ port: connectPort, path, method: "POST", agent, headers: { ...json, ...headers } });
  sent.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  if (headers["content-type"] === undefined) await text(answer);
  return answer;
}

interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A client of HTTP/2 that answers no ping until it is told to. */
async function rawClient(port: number) {
  const socket: Socket = connectTcp(port, "127.0.0.1");
  const [frames, pings]: [Frame[], Frame[]] = [[], []];
  let [rest, answers] = [Buffer.alloc(0), false];
  const answer = ({ payload }: Frame): boolean => socket.write(frame(TYPE.ping, FLAG.acknowledge, 0, payload));
  socket.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = frameEnd(rest); end <= rest.length; end = frameEnd(rest)) {
      const seen = { type: rest.readUInt8(3), stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) };
      frames.push(seen);
      // The first ping asks only whether the connection has begun.
      const isFirst = pings.length === 0;
      if (seen.type === TYPE.ping) pings.push(seen);
      if (seen.type === TYPE.ping && (isFirst || answers)) answer(seen);
      rest = rest.subarray(end);
    }
  });
  socket.write(Buffer.concat([HELLO, frame(TYPE.settings, FLAG.acknowledge, 0)]));
  await until(() => frames.some(({ type }) => type === TYPE.settings));
  return {
    frames,
    answerPings() {
      answers = true;
      for (const ping of pings.slice(1)) answer(ping);
    },
    /** A call of ListUsers. */
    call(stream: number) {
      const headers = { ":method": "POST", ":scheme": "http", ":authority": "a", ":path": LIST_USERS };
      const block = headerBlock(Object.entries({ ...headers, "content-type": "application/grpc", te: "trailers" }));
      socket.write(frame(TYPE.headers, FLAG.endHeaders, stream, block));
      socket.write(frame(TYPE.data, FLAG.endStream, stream, envelope(Buffer.alloc(0))));
    },
  };
}

function frameEnd(bytes: Buffer): number {
  return bytes.length < 9 ? Infinity : 9 + bytes.readUIntBE(0, 3);
}

/** What each GOAWAY says is the last stream. */
function lastStreams(frames: readonly Frame[]): number[] {
  return frames.filter(({ type }) => type === TYPE.goAway).map(({ payload }) => payload.readUInt32BE(0));
}
