import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { readFirstBytes } from "./first-bytes.ts";

test("a socket is handed on as it came: without a listener or a timeout of ours, and with every byte still to be read", async () => {
  const handedOn = Promise.withResolvers<Socket>();
  const before: object[] = [];
  const server = createServer((socket) => {
    before.push(listenersOf(socket));
    readFirstBytes(socket, 60_000, () => handedOn.resolve(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\n");
  const socket = await handedOn.promise;
  expect([listenersOf(socket)]).toEqual(before);
  expect(socket.timeout).toBe(0);
  expect(String(socket.read())).toBe("GET / HTTP/1.1\r\n");
  client.destroy();
  socket.destroy();
  server.close();
});

/** How many listeners each event has. */
function listenersOf(socket: Socket): object {
  return Object.fromEntries(socket.eventNames().map((name) => [name, socket.listenerCount(name)]));
}
