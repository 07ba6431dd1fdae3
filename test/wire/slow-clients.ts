/** Clients by whom the tests of the wire's times see when they are cut off. */

import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { status } from "@grpc/grpc-js";
import { expect } from "vitest";
import { envelope } from "../support/hostile/frames.ts";
import { grpcEnding, grpcRequest } from "./calls.ts";
import type { WireService } from "./service.ts";

const LIST_USERS = "/availability.v1.UserService/ListUsers";
/** A busy machine may notice this much later that a time is over; less than the limits that a test does not shorten, 30 s. */
const NOTICED_WITHIN_MS = 25_000;
export const SOON = "soon after the limit";

export const ports = ["gRPC", "Connect"] as const;
export type Port = (typeof ports)[number];

/** Not before the limit and not long after it, or when. */
export async function whenEnds(limitMs: number, end: () => Promise<unknown>): Promise<string> {
  const begun = performance.now();
  await end();
  const tookMs = performance.now() - begun;
  // Timers of Node may be a few milliseconds early.
  const isSoon = tookMs > limitMs - 10 && tookMs < limitMs + NOTICED_WITHIN_MS;
  return isSoon ? SOON : `after ${tookMs} ms`;
}

/** Sends this and no more, reads all that comes, and resolves when the other side has ended the connection. */
export async function connectionWith(port: number, bytes: string | Buffer): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  // Bytes that we have sent and the server has not read reset the connection.
  socket.on("error", () => undefined).resume();
  if (bytes.length > 0) socket.write(bytes);
  await once(socket, "close");
}

/** Rejects if the connection is closed before it can be used. */
export async function openSession(url: string): Promise<ClientHttp2Session> {
  const session = connectHttp2(url);
  const closed = once(session, "close").then(() => {
    throw new Error("the connection was closed");
  });
  await Promise.race([once(session, "remoteSettings"), closed]);
  closed.catch(() => undefined);
  return session;
}

/** Both ports answer. */
export async function everybodyIsAnswered(service: WireService): Promise<void> {
  for (const port of ports) {
    const session = connectHttp2(urlOf(service, port));
    expect(await statusOfCall(session)).toBe(status.OK);
    session.close();
  }
}

export async function statusOfCall(session: ClientHttp2Session): Promise<status> {
  const stream = grpcRequest(session, LIST_USERS);
  stream.end(envelope(Buffer.alloc(0)));
  return (await grpcEnding(stream)).code;
}

export function portOf({ grpcPort, connectPort }: WireService, port: Port): number {
  return port === "gRPC" ? grpcPort : connectPort;
}

export function urlOf({ grpcUrl, connectUrl }: WireService, port: Port): string {
  return port === "gRPC" ? grpcUrl : connectUrl;
}
