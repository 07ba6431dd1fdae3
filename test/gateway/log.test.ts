/** What the gateway writes down: an error where an operator must look, a line where all is in order. */

import { toBinary, create } from "@bufbuild/protobuf";
import { pino } from "pino";
import { afterEach, expect, test, vi } from "vitest";
import { ErrorInfoSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { head, type RawCall, respond, type RawUpstream, startRawUpstream } from "./raw-upstream.ts";
import { type GatewayUnderTest, reasonIn, startGatewayOf } from "./started.ts";
import type { Pair } from "../support/pair.ts";

interface Line {
  readonly level: number;
  readonly code?: string;
  readonly reason?: string;
  readonly msg: string;
}

const INFO = 30;
const WARN = 40;
const ERROR = 50;

const own: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const started of own.splice(0).toReversed()) await started.stop();
});

async function inFrontOf(
  answer: (call: RawCall) => void,
): Promise<{ before: GatewayUnderTest; upstream: RawUpstream; lines: Line[] }> {
  const upstream = await startRawUpstream(answer);
  own.push(upstream);
  const lines: Line[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  const before = await startGatewayOf({ availability: upstream, booking: upstream } as unknown as Pair, {}, log);
  own.push(before);
  return { before, upstream, lines };
}

const levels = (lines: readonly Line[]): number[] => lines.map(({ level }) => level);

test("a refusal that a service has decided is an ordinary line", async () => {
  const info = create(ErrorInfoSchema, { reason: "BUSY", domain: "availability.v1" });
  const value = Buffer.from(toBinary(ErrorInfoSchema, info)).toString("base64").replace(/=+$/, "");
  const details = [{ type: "google.rpc.ErrorInfo", value }];
  const said = Buffer.from(JSON.stringify({ code: "unavailable", message: "busy", details }));
  const { before, lines } = await inFrontOf((call) => respond(call, said, "application/json", 503));
  expect(reasonIn(await before.call("GET", "/users/1"))).toBe("BUSY");
  expect(lines).toMatchObject([{ level: INFO, code: "UNAVAILABLE", reason: "BUSY" }]);
  expect(lines[0]).not.toHaveProperty("err");
});

test("a service that cannot be reached is a warning for all calls together", async () => {
  const { before, upstream, lines } = await inFrontOf(() => undefined);
  await upstream.stop();
  own.splice(own.indexOf(upstream), 1);
  for (let call = 0; call < 5; call++) expect((await before.call("GET", "/users/1")).status).toBe(503);
  expect(lines.filter(({ level }) => level === INFO)).toHaveLength(5);
  expect(lines.filter(({ level }) => level !== INFO)).toMatchObject([{ level: WARN, service: "availability.v1" }]);
});

test("a stream that breaks is no error of the gateway", async () => {
  const { before, lines } = await inFrontOf(({ socket, stream }) => {
    socket.write(head(stream, "application/connect+proto"));
    socket.end();
  });
  await before.call("GET", "/bookings:watch?host_id=x");
  await vi.waitFor(() => expect(new Set(levels(lines))).toEqual(new Set([INFO, WARN])));
});

test("a service that has failed, as it says, is an error", async () => {
  const said = Buffer.from('{"code":"internal","message":"internal error"}');
  const { before, lines } = await inFrontOf((call) => respond(call, said, "application/json", 500));
  expect((await before.call("GET", "/users/1")).status).toBe(500);
  expect(levels(lines)).toEqual([ERROR]);
});
