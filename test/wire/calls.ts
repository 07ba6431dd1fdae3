/** Calls that the wire tests make by hand. */

import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { ConnectError } from "@connectrpc/connect";
import type { WireService } from "./service.ts";
import { OpenCall } from "../../shared/rpc/call/open-call.ts";

export async function failure(answer: Promise<unknown>): Promise<ConnectError> {
  try {
    await answer;
  } catch (thrown) {
    return ConnectError.from(thrown);
  }
  throw new Error("the call succeeded");
}

/** What `ListUsers` had left when it arrived. */
export function timeLeft(service: WireService): number {
  const call = service.calls.at(-1);
  return call instanceof OpenCall ? call.deadline - call.startedAt : Number.NaN;
}

/** `CreateUserRequest` whose `email` is the single byte ff. */
export function invalidUtf8(): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0x0a, 0x01, 0xff]);
}

export type Fields = Readonly<Record<string, unknown>>;

/** An HTTP/2 request on a connection of its own. Without a body, the request is left open. */
export function http2Call(
  url: string,
  request: Record<string, string>,
  body?: Buffer,
): Promise<{ headers: Fields; trailers: Fields }> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(url);
    session.on("error", reject);
    // The server's limits hold from its settings on.
    session.once("remoteSettings", () => {
      const stream = session.request(request);
      let headers: Fields = {};
      let trailers: Fields = {};
      stream.on("response", (received) => (headers = received));
      stream.on("trailers", (received) => (trailers = received));
      stream.on("end", () => stream.close());
      stream.on("error", reject);
      stream.on("close", () => {
        session.close();
        if (":status" in headers) resolve({ headers, trailers });
        else reject(new Error(`reset with ${stream.rstCode}`));
      });
      stream.resume();
      if (body !== undefined) stream.end(body);
    });
  });
}

/** A gRPC call, which both ports understand, with its body still to come, or with none. */
export function grpcRequest(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  endStream = false,
): ClientHttp2Stream {
  const own = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  return session.request({ ...own, ...headers }, { endStream }).on("error", () => undefined);
}

/** What a gRPC call ends with, in its trailers, or in the headers if it has nothing else. The code of a reset is NaN. */
export async function grpcEnding(
  stream: ClientHttp2Stream,
): Promise<{ readonly code: number; readonly message: string }> {
  const said: Record<string, unknown> = {};
  for (const event of ["response", "trailers"]) stream.on(event, (headers: object) => Object.assign(said, headers));
  await once(stream.resume(), "close");
  return { code: Number(said["grpc-status"]), message: decodeURI(String(said["grpc-message"])) };
}
