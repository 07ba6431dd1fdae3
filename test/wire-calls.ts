/** Calls that the wire tests make by hand. */

import { connect as connectHttp2 } from "node:http2";
import { ConnectError } from "@connectrpc/connect";
import type { WireService } from "./wire-service.ts";

export async function failure(answer: Promise<unknown>): Promise<ConnectError> {
  try {
    await answer;
  } catch (thrown) {
    return ConnectError.from(thrown);
  }
  throw new Error("the call succeeded");
}

/** What `ListUsers` saw of its deadline. */
export function timeLeft(service: WireService): number {
  const call = service.calls.at(-1);
  return call === undefined ? Number.NaN : call.deadline - performance.now();
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
