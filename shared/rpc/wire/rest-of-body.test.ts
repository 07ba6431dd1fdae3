import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { REST_MAX_BYTES } from "./limits.ts";
import { limitRest } from "./rest-of-body.ts";

let server: Server;
let socket: Socket;
/** What a handler does with a request before it refuses it. */
let stopReading: (request: IncomingMessage) => unknown;

beforeEach(async () => {
  server = createServer((request, response) => {
    limitRest(request, response);
    void Promise.resolve(stopReading(request)).then(() => response.writeHead(404).end());
  });
  // Nobody else closes a connection that says nothing.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
});
afterEach(() => {
  socket.destroy();
  server.close();
  server.closeAllConnections();
});

/** Sends the beginning of a request, and reads its answer. */
async function refusal(contentLength: number): Promise<string> {
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${contentLength}\r\n\r\n{`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  return String(answer);
}

describe.each<[what: string, stop: typeof stopReading]>([
  ["listens on, as connect-es does", (request) => request.on("readable", () => undefined)],
  ["has paused it", (request) => request.pause()],
  ["has never begun", () => undefined],
])("the rest of a body whose reader %s", (_what, stop) => {
  test("is read, for the next request that comes behind it", async () => {
    stopReading = stop;
    expect(await refusal(100_000)).toMatch(/^HTTP\/1.1 404 /);
    socket.write(Buffer.alloc(99_999));
    expect(await refusal(1)).toMatch(/^HTTP\/1.1 404 /);
  });

  test("is not read to its end if it is large", async () => {
    stopReading = stop;
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    await refusal(1024 * REST_MAX_BYTES);
    socket.resume().write(Buffer.alloc(64 * REST_MAX_BYTES));
    await expect(closed).resolves.toBeDefined();
  });
});

test("a request that has come whole is left alone", async () => {
  const whole: IncomingMessage[] = [];
  stopReading = async (request) => {
    whole.push(request);
    await once(request.resume(), "end");
  };
  await refusal(1);
  expect(whole[0]?.listenerCount("data")).toBe(0);
});
