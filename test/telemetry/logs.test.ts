/** The line of each call, in all three processes. */

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Health } from "../../shared/gen/health/v1/health_pb.ts";
import { FORM_OF_A_TOKEN } from "../gateway/by-hand.ts";
import { type GatewayUnderTest, startGatewayOf } from "../gateway/started.ts";
import { keepLines, type KeptLog, type LogLine } from "../support/kept-log.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest } from "../support/people.ts";
import { guest } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";
import { book, callersSpan } from "./traced-pair.ts";

const CREATE = "booking.v1.BookingService/CreateBooking";
const INFO = 30;

const names = ["availability", "booking", "gateway"] as const;
let kept: Record<(typeof names)[number], KeptLog>;
let pair: Pair;
let gateway: GatewayUnderTest;

async function start(environment: Readonly<Record<string, string>>): Promise<void> {
  kept = { availability: keepLines("availability"), booking: keepLines("booking"), gateway: keepLines("gateway") };
  const logs = { availability: kept.availability.log, booking: kept.booking.log };
  pair = await startPair({ availability: environment, booking: environment, logs });
  gateway = await startGatewayOf(pair, environment, kept.gateway.log);
}

async function stop(): Promise<void> {
  await gateway.stop();
  await pair.stop();
}

const seen = { availability: 0, booking: 0, gateway: 0 };

function forgetLines(): void {
  for (const name of names) seen[name] = kept[name].lines.length;
}

/** The lines of calls at `info` or above, since `forgetLines`. */
function callLines(name: (typeof names)[number], method?: string): LogLine[] {
  return kept[name].lines
    .slice(seen[name])
    .filter(
      (line) =>
        typeof line["duration_ms"] === "number" &&
        Number(line["level"]) >= INFO &&
        (method === undefined || line["method"] === method),
    );
}

describe("a process without traces", () => {
  beforeAll(() => start({}));
  beforeEach(() => forgetLines());
  afterAll(() => stop());

  test("the lines of one call have its name and its trace in all processes", async () => {
    const { traceId, headers } = callersSpan();
    await book({ pair, gateway }, "JSON", { ...headers, "x-request-id": "call-4711" });
    const common = { request_id: "call-4711", trace_id: traceId, code: "OK" };
    expect(callLines("gateway", CREATE)).toMatchObject([{ ...common, transport: "json" }]);
    expect(callLines("booking", CREATE)).toMatchObject([{ ...common, subject: "tester", transport: "connect" }]);
    const asked = callLines("availability").filter((line) => line["request_id"] === "call-4711");
    expect(asked.map(({ method }) => String(method)).toSorted()).toEqual([
      "availability.v1.AvailabilityService/SnapshotAvailability",
      "availability.v1.UserService/GetUser",
    ]);
    for (const line of asked) expect(line).toMatchObject({ ...common, subject: "booking" });
    // Nothing was recorded that could be looked up.
    for (const name of names) for (const line of callLines(name)) expect(line).not.toHaveProperty("span_id");
  });

  test("a caller who names neither gets a name from the gateway, and no trace", async () => {
    await gateway.call("GET", "/users");
    const [line] = callLines("gateway");
    expect(line?.["request_id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(callLines("availability").at(-1)).toMatchObject({ request_id: line?.["request_id"] });
    expect(line).not.toHaveProperty("trace_id");
  });

  test.each(["with blanks in it", "é", "a".repeat(129), ""])("a name that cannot be kept is none: %s", async (id) => {
    const headers = { "x-request-id": Buffer.from(id).toString("latin1") };
    const transport = createConnectTransport({ baseUrl: pair.availability.connectUrl, httpVersion: "1.1" });
    await createClient(Health, transport).check({}, { headers });
    await waitFor(() =>
      expect(kept.availability.lines.at(-1)).toMatchObject({ method: "grpc.health.v1.Health/Check" }),
    );
    expect(kept.availability.lines.at(-1)).not.toHaveProperty("request_id");
  });

  test("a refused token has its line, with trace and name and whose it claims to be", async () => {
    const { traceId, headers } = callersSpan();
    await gateway.call("GET", "/users", { as: guest("nobody-we-know"), headers });
    await fetch(`${gateway.url}/users`, { headers: { ...FORM_OF_A_TOKEN, ...headers } });
    const common = { trace_id: traceId, code: "UNAUTHENTICATED" };
    await waitFor(() => expect(callLines("gateway")).toMatchObject([common, common]));
    const [unknown, badly] = callLines("availability");
    expect(unknown).toMatchObject({ ...common, token: { refused: "SUBJECT_UNKNOWN", subject: "nobody-we-know" } });
    expect(badly).toMatchObject(common);
    for (const line of [unknown, badly]) expect(line).not.toHaveProperty("subject");
  });

  test("a user is named by its id", async () => {
    const id = await createGuest(pair.clients);
    await gateway.call("GET", `/users/${id}`, { as: guest(id) });
    await waitFor(() => expect(callLines("availability").at(-1)).toMatchObject({ subject: id }));
  });

  test("a probe that ends well has no line at info", async () => {
    const transport = createConnectTransport({ baseUrl: pair.booking.connectUrl, httpVersion: "1.1" });
    const health = createClient(Health, transport);
    await health.check({});
    await health.check({ service: "unknown.v1" }).catch(() => undefined);
    await waitFor(() => expect(callLines("booking", "grpc.health.v1.Health/Check")).toHaveLength(1));
    expect(callLines("booking", "grpc.health.v1.Health/Check")).toMatchObject([{ code: "NOT_FOUND" }]);
  });
});

describe("with LOG_SUCCESSES", () => {
  beforeAll(() => start({ LOG_SUCCESSES: "0.5" }));
  beforeEach(() => forgetLines());
  afterAll(() => stop());

  test("of what ended well that share has its lines, and of one call all of them or none; the rest has them all", async () => {
    const callers = Array.from({ length: 40 }, () => callersSpan("00"));
    await Promise.all(callers.map(({ headers }) => gateway.call("GET", "/users", { headers })));
    await Promise.all(callers.map(({ headers }) => gateway.call("GET", "/users/unknown", { headers })));
    await waitFor(() => expect(callLines("gateway").filter(({ code }) => code !== "OK")).toHaveLength(40));
    const tracesOf = (name: "availability" | "gateway", isOk: boolean): string[] =>
      callLines(name)
        .filter((line) => (line["code"] === "OK") === isOk && line["trace_id"] !== undefined)
        .map((line) => String(line["trace_id"]))
        .toSorted();
    const chosen = callers.map(({ traceId }) => traceId).filter((id) => Number.parseInt(id.slice(-8), 16) < 2 ** 31);
    expect(tracesOf("gateway", true)).toEqual(chosen.toSorted());
    expect(tracesOf("availability", true)).toEqual(chosen.toSorted());
    expect(tracesOf("gateway", false)).toEqual(callers.map(({ traceId }) => traceId).toSorted());
    expect(tracesOf("availability", false)).toEqual(tracesOf("gateway", false));
  });
});
