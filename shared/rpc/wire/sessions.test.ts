import { once } from "node:events";
import { connect, createServer, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { Sessions } from "./sessions.ts";

const own: (() => void)[] = [];
afterEach(() => {
  for (const end of own.splice(0)) end();
});

/** A connection with a stream that its server never answers, so that it does not close by itself. */
async function busySession(): Promise<ServerHttp2Session> {
  const server = createServer();
  server.on("stream", (stream) => stream.on("error", () => undefined));
  const opened = once(server, "session") as Promise<[ServerHttp2Session]>;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  own.push(
    () => server.close(),
    () => client.destroy(),
  );
  client.on("error", () => undefined);
  const answered = once(server, "stream");
  client.request().on("error", () => undefined);
  await answered;
  return (await opened)[0];
}

test("a session that does not end by itself is destroyed, and waited for, though its server says that it has closed", async () => {
  const sessions = new Sessions();
  const session = await busySession();
  sessions.add(session, undefined);
  await sessions.close(Promise.resolve());
  expect(session.destroyed).toBe(true);
});

test("a connection that never became a session is destroyed too", async () => {
  const sessions = new Sessions();
  const socket = new Socket();
  sessions.addSocket(socket);
  await sessions.close(once(socket, "close").then(() => undefined));
  expect(socket.destroyed).toBe(true);
});

test("what has closed is forgotten", async () => {
  const sessions = new Sessions();
  const [session, gone, last] = [await busySession(), new Socket(), new Socket()];
  sessions.add(session, undefined);
  for (const socket of [gone, last]) sessions.addSocket(socket);
  const closed = [session, gone].map((each) => once(each, "close"));
  session.destroy();
  gone.destroy();
  await Promise.all(closed);
  const touched = [vi.spyOn(session, "close"), vi.spyOn(session, "destroy"), vi.spyOn(gone, "destroy")];
  // The last one is open until all that is open is destroyed.
  await sessions.close(once(last, "close").then(() => undefined));
  for (const method of touched) expect(method).not.toHaveBeenCalled();
});
