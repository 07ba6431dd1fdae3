/** Calls to Availability with a token, good or not, and how they end. */

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { text } from "node:stream/consumers";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { type Ending, endingOfGrpc, endingOfHttp } from "../support/endings.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import type { Served } from "../support/pair.ts";

export const LIST_USERS = "/availability.v1.UserService/ListUsers";

export async function overHttp(served: Served, bearerToken: string): Promise<Ending> {
  const { code, message, details } = await send(served, { authorization: `Bearer ${bearerToken}` });
  return { code, message: code === "OK" ? "" : message, details };
}

export async function send(served: Served, headers: Record<string, string>): Promise<Ending> {
  const json = { "content-type": "application/json" };
  const answer = await fetch(served.connectUrl + LIST_USERS, {
    method: "POST",
    headers: { ...json, ...headers },
    body: "{}",
  });
  return endingOfHttp(answer);
}

export async function overGrpc(served: Served, bearerToken: string): Promise<Ending> {
  return overGrpcAs(served, `Bearer ${bearerToken}`);
}

export async function overGrpcAs(served: Served, authorization: string): Promise<Ending> {
  const channel = grpcChannel(served.grpcAddress);
  try {
    await grpcCall(channel, UserService.method.listUsers, {}, {}, authorization);
    return { code: "OK", message: "", details: {} };
  } catch (error) {
    return endingOfGrpc(error as Parameters<typeof endingOfGrpc>[0]);
  } finally {
    channel.close();
  }
}

export async function rawHttp1(served: Served, headers: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(served.connectUrl);
  const socket = connectTcp(Number(port), hostname);
  const lines = [`POST ${LIST_USERS} HTTP/1.1`, "Host: h", "Connection: close", "Content-Type: application/json"];
  socket.write([...lines, ...headers, "Content-Length: 2", "", "{}"].join("\r\n"));
  return text(socket);
}

/** The headers and trailers that answer a call. */
export async function rawHttp2(
  url: string,
  headers: Record<string, string | string[]>,
): Promise<Record<string, unknown>> {
  // Node would not send a header twice, if it were not told to. Its types do not know the option yet.
  const session = connectHttp2(url, { strictSingleValueFields: false } as object);
  const stream = session.request({ ":method": "POST", ":path": LIST_USERS, ...headers });
  const answered: Record<string, unknown> = {};
  for (const event of ["response", "trailers"]) stream.on(event, (got: object) => Object.assign(answered, got));
  const isGrpc = String(headers["content-type"]).includes("grpc");
  stream.end(isGrpc ? Buffer.alloc(5) : "{}");
  stream.resume();
  await once(stream, "close");
  session.close();
  return answered;
}
