import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { admin, authorizationOf } from "../support/tokens.ts";
import { PATIENT_MS } from "./doors.ts";

/** A client of HTTP/1.1 on one connection, which it keeps while it may. */
export interface GatewayClient {
  /** Resolves when the head of the answer has come. */
  open(httpMethod: string, path: string, body?: unknown): Promise<IncomingMessage>;
  /** Rejects unless the answer is of success. */
  call(httpMethod: string, path: string, body?: unknown): Promise<Record<string, Record<string, string>>>;
  close(): void;
}

export function gatewayClient(port: number): GatewayClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const open = async (httpMethod: string, path: string, body?: unknown): Promise<IncomingMessage> => {
    const headers = {
      ...(await authorizationOf(admin)),
      "connect-timeout-ms": String(PATIENT_MS),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const sent = httpRequest({ host: "127.0.0.1", port, path, method: httpMethod, headers, agent });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return answer;
  };
  return {
    open,
    async call(httpMethod, path, body) {
      const answer = await open(httpMethod, path, body);
      const said = await text(answer);
      if (answer.statusCode !== 200 && answer.statusCode !== 201) throw new Error(`${answer.statusCode} ${said}`);
      return JSON.parse(said) as Record<string, Record<string, string>>;
    },
    close: () => agent.destroy(),
  };
}
