/**
 * Calls with prepared messages on raw HTTP/2. A full gRPC client costs more than the service that it measures; this one
 * knows no contract, decodes nothing but the status, and takes the bytes as they are.
 */

import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";

export type Protocol = "grpc" | "connect";

export interface Calls {
  /** Resolves with the status: the number that gRPC gives it ("0" is OK), or HTTP's for Connect ("200"). */
  send(path: string, message: Uint8Array): Promise<string>;
  close(): Promise<void>;
}

const HEADERS: Readonly<Record<Protocol, OutgoingHttpHeaders>> = {
  grpc: { ":method": "POST", "content-type": "application/grpc+proto", te: "trailers" },
  connect: { ":method": "POST", "content-type": "application/proto", "connect-protocol-version": "1" },
};

/** Opens connections to `host:port`. Calls take turns on them, all with the same token. */
export async function openCalls(
  address: string,
  protocol: Protocol,
  connections: number,
  token: string,
): Promise<Calls> {
  const sessions = Array.from({ length: connections }, () => connect(`http://${address}`));
  // Not before the server's settings are known: until then Node would open more streams than the server allows.
  await Promise.all(sessions.map((session) => once(session, "remoteSettings")));
  const status = protocol === "grpc" ? grpcStatus : connectStatus;
  const headers = { ...HEADERS[protocol], authorization: `Bearer ${token}` };
  let turn = 0;
  return {
    send(path, message) {
      turn = (turn + 1) % connections;
      const stream = (sessions[turn] as ClientHttp2Session).request({ ...headers, ":path": path });
      stream.end(message);
      return status(stream);
    },
    async close() {
      await Promise.all(sessions.map((session) => new Promise<void>((closed) => session.close(closed))));
    },
  };
}

function grpcStatus(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    let status: string | undefined;
    const note = (headers: IncomingHttpHeaders): void => {
      status ??= headers["grpc-status"] as string | undefined;
    };
    // A refusal has its status in the headers and no trailers.
    stream.once("response", note);
    stream.once("trailers", note);
    stream.once("end", () => resolve(status ?? "none"));
    stream.once("error", reject);
    stream.resume();
  });
}

function connectStatus(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    let status = "none";
    stream.once("response", (headers) => (status = String(headers[":status"])));
    stream.once("end", () => resolve(status));
    stream.once("error", reject);
    stream.resume();
  });
}
