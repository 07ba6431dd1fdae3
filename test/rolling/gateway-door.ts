import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { text } from "node:stream/consumers";
import { admin, authorizationOf } from "../support/tokens.ts";
import { PATIENT_MS } from "./doors.ts";

/** A client of HTTP/1.1. */
export interface GatewayClient {
  /** Calls on one connection, which is kept while it may be. Rejects unless the answer is of success. */
  call(httpMethod: string, path: string, body?: unknown): Promise<Record<string, Record<string, string>>>;
  /** Opens a stream, on a connection of its own. Resolves when the head of the answer has come. */
  open(path: string): Promise<IncomingMessage>;
  close(): void;
}

export function gatewayClient(port: number): GatewayClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (how: RequestOptions, headers: object, body?: unknown): Promise<IncomingMessage> => {
    const all = { ...(await authorizationOf(admin)), ...headers };
    const sent = httpRequest({ host: "127.0.0.1", port, headers: all, ...how });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return answer;
  };
  return {
    async call(httpMethod, path, body) {
      const json = body === undefined ? {} : { "content-type": "application/json" };
      const headers = { "connect-timeout-ms": String(PATIENT_MS), ...json };
      const answer = await send({ method: httpMethod, path, agent }, headers, body);
      const said = await text(answer);
      if (answer.statusCode !== 200 && answer.statusCode !== 201) throw new Error(`${answer.statusCode} ${said}`);
      return JSON.parse(said) as Record<string, Record<string, string>>;
    },
    open: (path) => send({ method: "GET", path, agent: false }, {}),
    close: () => agent.destroy(),
  };
}
