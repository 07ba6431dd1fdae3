/** Calls on HTTP/1.1 as web clients make them: connections that are kept, a token, and JSON if there is a body. */

import { Agent, request } from "node:http";
import type { Calls } from "./http2-calls.ts";

/** Calls take turns on at most this many connections. One with an empty message is a GET. */
export function openHttp1Calls(address: string, connections: number, token: string): Calls {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const authorization = `Bearer ${token}`;
  return {
    send(path, message) {
      const hasBody = message.length > 0;
      const body = hasBody ? { "content-type": "application/json", "content-length": message.length } : {};
      return new Promise((resolve, reject) => {
        const call = request(`http://${address}${path}`, {
          agent,
          method: hasBody ? "POST" : "GET",
          headers: { authorization, ...body },
        });
        call.once("response", (answer) => {
          answer.once("end", () => resolve(String(answer.statusCode)));
          answer.resume();
        });
        call.once("error", reject);
        call.end(message);
      });
    },
    async close() {
      agent.destroy();
    },
  };
}
