/** A gateway in front of a pair, and calls to it as a web page makes them. */

import type { Logger } from "pino";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { startGateway } from "../../services/gateway/service.ts";
import { testLog } from "../support/logs.ts";
import type { Pair } from "../support/pair.ts";
import { admin, authorizationOf, type Person } from "../support/tokens.ts";

export interface GatewayUnderTest {
  /** `http://host:port` */
  readonly url: string;
  /** `http://host:port` of the operations port; of nothing unless OPERATIONS_PORT is set. */
  readonly operationsUrl: string;
  /** Calls as an administrator, or with another token. `body` is sent as JSON. */
  call(httpMethod: string, path: string, options?: CallOptions): Promise<Called>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: Person;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // JSON, as the test expects it. Empty if there is none, or if it is a stream.
  readonly body: Json;
}

type Json = { readonly [name: string]: Json } & string;

/** `environment` holds more variables, as `config.ts` of the gateway reads them. */
export async function startGatewayOf(
  pair: Pick<Pair, "availability" | "booking">,
  environment: Readonly<Record<string, string>> = {},
  log: Logger = testLog("gateway"),
): Promise<GatewayUnderTest> {
  const config = gatewayConfig({
    // As the services of the tests have it.
    ENVIRONMENT: "development",
    GATEWAY_PORT: "0",
    AVAILABILITY_URL: pair.availability.connectUrl,
    BOOKING_URL: pair.booking.connectUrl,
    ...environment,
  });
  const { port, operationsPort = 1, stop } = await startGateway(config, log);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    operationsUrl: `http://127.0.0.1:${operationsPort}`,
    stop,
    async call(httpMethod, path, { body, headers = {}, as = admin } = {}) {
      const answer = await fetch(`${url}${path}`, {
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        method: httpMethod,
        headers: {
          ...(await authorizationOf(as)),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
      });
      const text = await answer.text();
      const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true && text !== "";
      return { status: answer.status, headers: answer.headers, text, body: (isJson ? JSON.parse(text) : "") as Json };
    },
  };
}

/** The reason of the contract in an error; undefined if there is none. */
export function reasonIn({ body }: Called): string | undefined {
  return detailOf(body, "google.rpc.ErrorInfo")?.["reason"];
}

/** The fields that an error names as wrong. */
export function fieldsIn({ body }: Called): (string | undefined)[] {
  const violations = detailOf(body, "google.rpc.BadRequest")?.["fieldViolations"] ?? [];
  return (violations as readonly { readonly field?: string }[]).map(({ field }) => field);
}

function detailOf(body: Json, type: string): Json | undefined {
  const details = (body["details"] ?? []) as unknown as readonly Json[];
  return details.find((detail) => detail["@type"] === `type.googleapis.com/${type}`);
}
