import { type AddressInfo, createServer, type Socket } from "node:net";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { listen } from "./listen.ts";

test("a database that accepts connections and says nothing is given up, and tried again", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket.on("error", () => undefined)));
  await new Promise<void>((listening) => void silent.listen(0, "127.0.0.1", listening));
  const url = `postgres://nobody@127.0.0.1:${(silent.address() as AddressInfo).port}/nothing`;
  const stopping = new AbortController();
  const hearer = { changed: vi.fn<() => void>(), userChanged: vi.fn<() => void>(), doubtAll: vi.fn<() => void>() };
  const listening = listen(url, hearer, pino({ level: "silent" }), stopping.signal);
  await vi.waitUntil(() => sockets.length === 2, 20_000);
  stopping.abort();
  for (const socket of sockets) socket.destroy();
  await listening;
  expect(hearer.doubtAll).not.toHaveBeenCalled();
  await new Promise((closed) => void silent.close(closed));
});
