/** HTTP/1.1 as it must not be, for the Connect port. Two requests in one, above all: proxies see another than we do. */

import { leaveHanging, throwAt } from "./attack.ts";

interface Http1Attack {
  readonly what: string;
  readonly send: (port: number, authorization: string) => Promise<void>;
}

const CREATE_USER = "/availability.v1.UserService/CreateUser";
/** What would be stored if it were carried out. */
const USER = JSON.stringify({ email: "smuggled@example.com", displayName: "Smuggled", role: "ROLE_HOST" });

/** A write by an entitled caller, hidden in the body of another request. */
function smuggled(authorization: string): string {
  return request(authorization, `content-length: ${USER.length}\r\n`, USER);
}

function request(authorization: string, framing: string, body = ""): string {
  const own = `host: localhost\r\ncontent-type: application/json\r\nauthorization: ${authorization}\r\n`;
  return `POST ${CREATE_USER} HTTP/1.1\r\n${own}${framing}\r\n${body}`;
}

function sent(what: string, make: (authorization: string) => string): Http1Attack {
  return { what, send: (port, authorization) => throwAt(port, make(authorization)) };
}

export const http1Attacks: readonly Http1Attack[] = [
  sent("a length and chunks", (authorization) =>
    request(
      authorization,
      "content-length: 5\r\ntransfer-encoding: chunked\r\n",
      `0\r\n\r\n${smuggled(authorization)}`,
    ),
  ),
  sent("two lengths", (authorization) =>
    request(authorization, "content-length: 2\r\ncontent-length: 900\r\n", `{}${smuggled(authorization)}`),
  ),
  sent("an encoding that is nearly chunked", (authorization) =>
    request(authorization, "transfer-encoding: xchunked\r\n", `0\r\n\r\n${smuggled(authorization)}`),
  ),
  sent("a folded header", (authorization) =>
    request(authorization, "transfer-encoding:\r\n chunked\r\n", `0\r\n\r\n${smuggled(authorization)}`),
  ),
  sent("a space before the colon", (authorization) =>
    request(authorization, `content-length : ${USER.length}\r\n`, smuggled(authorization)),
  ),
  sent("lines that end without CR", (authorization) =>
    request(authorization, `content-length: ${USER.length}\r\n`, USER).replaceAll("\r\n", "\n"),
  ),
  sent("a chunk of 2^64 bytes", (authorization) =>
    request(authorization, "transfer-encoding: chunked\r\n", "ffffffffffffffff1\r\n{}\r\n0\r\n\r\n"),
  ),
  sent("a length below zero", (authorization) => request(authorization, "content-length: -1\r\n", USER)),
  sent("a mebibyte of address", () => `POST /${"x".repeat(1024 * 1024)} HTTP/1.1\r\nhost: localhost\r\n\r\n`),
  sent("a mebibyte of header", (authorization) => request(authorization, `x-large: ${"x".repeat(1024 * 1024)}\r\n`)),
  sent("10,000 headers", (authorization) =>
    request(authorization, Array.from({ length: 10_000 }, (_, index) => `x-${index}: x\r\n`).join("")),
  ),
  sent("a NUL in a header", (authorization) => request(authorization, `x-nul: \0\r\ncontent-length: 0\r\n`)),
  sent("no host", () => `POST ${CREATE_USER} HTTP/1.1\r\n\r\n`),
  sent("HTTP/9.9", () => `POST ${CREATE_USER} HTTP/9.9\r\nhost: localhost\r\n\r\n`),
  sent("a tunnel", () => "CONNECT database:5432 HTTP/1.1\r\nhost: database:5432\r\n\r\n"),
  sent("an upgrade", (authorization) =>
    request(authorization, "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"),
  ),
  {
    what: "200 connections that vanish in their headers",
    send: (port) => leaveHanging(port, 200, `POST ${CREATE_USER} HTTP/1.1\r\nx-slow: `),
  },
  {
    what: "200 connections that vanish in their body",
    send: (port, authorization) =>
      leaveHanging(port, 200, request(authorization, `content-length: ${USER.length}\r\n`, USER.slice(0, 20))),
  },
];
