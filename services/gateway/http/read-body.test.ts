import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { limitRest } from "../../../shared/rpc/wire/rest-of-body.ts";
import { readBody } from "./read-body.ts";

test("a body that is not read on, because it is too large, leaves its connection to the next request", async () => {
  const server = createServer((request, response) => {
    limitRest(request, response);
    void readBody(request).then(
      (body) => response.end(`${body.length} bytes`),
      (error: unknown) => response.end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  // More than a request keeps unread before it stops its connection.
  const chunk = `11000\r\n${"x".repeat(0x11000)}\r\n`;
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`);
  expect(String(await once(socket, "data"))).toContain("the body is larger than 65536 bytes");
  socket.write(`${chunk}0\r\n\r\nPOST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}`);
  expect(String(await once(socket, "data"))).toContain("2 bytes");
  socket.destroy();
  server.close();
});
