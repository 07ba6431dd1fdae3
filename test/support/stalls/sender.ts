/** A process that sends requests one by one as it is told, so that its work is no turn of the services' event loop. */

import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Answered, Sent } from "./sending.ts";

process.on("disconnect", () => process.exit());

const agent = new Agent({ keepAlive: true });
const sessions = new Map<string, ClientHttp2Session>();

process.on("message", (sent: Sent) => {
  const answered = sent.http2 ? overHttp2(sent) : overHttp1(sent);
  answered.then(
    (answer) => process.send?.({ id: sent.id, ...answer }),
    (error: unknown) => process.send?.({ id: sent.id, status: 0, bytes: 0, said: String(error) }),
  );
});

async function overHttp1({ url, method, headers, body }: Sent): Promise<Answered> {
  const request = httpRequest(url, { agent, method, headers: { ...headers, "content-length": body.length } });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const read = await firstBytes(response, /^application\/json\b/.test(response.headers["content-type"] ?? ""));
  if (!response.complete) request.destroy();
  const headerBytes = JSON.stringify(response.headers).length;
  return { status: response.statusCode ?? 0, bytes: headerBytes + read.bytes, said: read.said };
}

async function overHttp2({ url, headers, body }: Sent): Promise<Answered> {
  const { origin, pathname } = new URL(url);
  let session = sessions.get(origin);
  if (session === undefined || session.closed || session.destroyed) {
    session = connect(origin).on("error", () => undefined);
    sessions.set(origin, session);
  }
  const stream = session.request({ ":method": "POST", ":path": pathname, ...headers }).on("error", () => undefined);
  const said: Record<string, unknown> = {};
  for (const event of ["response", "trailers"]) stream.on(event, (more: object) => Object.assign(said, more));
  stream.end(body);
  const read = await firstBytes(stream, false);
  stream.destroy();
  const code = Number(said["grpc-status"] ?? 0);
  return { status: code, bytes: JSON.stringify(said).length + read.bytes, said: String(said["grpc-message"]) };
}

/** All of an answer, or the first of a stream, which may never end. */
async function firstBytes(from: NodeJS.ReadableStream, isWhole: boolean): Promise<{ bytes: number; said: string }> {
  let bytes = 0;
  let said = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  from.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (said.length < 200) said += chunk.toString().slice(0, 200);
    if (!isWhole) resolve();
  });
  for (const event of ["end", "close"]) from.on(event, resolve);
  await promise;
  return { bytes, said };
}
