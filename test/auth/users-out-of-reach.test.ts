/** Callers who are users, while the database that says who they are is out of reach or says nothing. */

import { randomUUID } from "node:crypto";
import { connect } from "node:http2";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { endingOfGrpc, endingOfHttp, reasonIn } from "../support/endings.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import { type KeptLog, keepLines } from "../support/kept-log.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Served, startAvailabilityService } from "../support/pair.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { authorizationOf, host } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

const GET_RULES = "/availability.v1.AvailabilityService/GetRules";
const hostId = randomUUID();

let database: TestDatabase;
let link: Link;
let served: Served;
let authorization: string;
const kept: KeptLog = keepLines("availability");

beforeAll(async () => {
  database = await createDatabase("availability");
  link = await startLink(database.url);
  const through = new URL(database.url);
  through.host = new URL(link.url).host;
  served = await startAvailabilityService(through.href, {}, {}, kept.log);
  ({ authorization } = await authorizationOf(host(hostId)));
});

afterEach(() => link.set("open"));

afterAll(async () => {
  await served.stop();
  await link.close();
  await database.drop();
});

test("a caller is told that nothing was changed and when to come again, the same over both protocols", async () => {
  link.set("cut");
  const answer = await fetch(`${served.connectUrl}${GET_RULES}`, { method: "POST", ...asked() });
  expect(answer.headers.get("retry-after")).not.toBeNull();
  const overConnect = await endingOfHttp(answer);
  const channel = grpcChannel(served.grpcAddress);
  const call = grpcCall(channel, AvailabilityService.method.getRules, { hostId }, {}, authorization);
  const overGrpc = await call.then(
    () => undefined,
    (error: unknown) => endingOfGrpc(error as Parameters<typeof endingOfGrpc>[0]),
  );
  channel.close();
  expect([overConnect.code, reasonIn(overConnect)]).toEqual(["UNAVAILABLE", "BUSY"]);
  expect(overGrpc).toEqual(overConnect);
});

test("a caller whose deadline passes, or who leaves, is waited for no longer", async () => {
  link.set("silent");
  const before = kept.lines.length;
  const codes = (): unknown[] => kept.lines.slice(before).flatMap(({ code }) => (code === undefined ? [] : [code]));

  const answer = await fetch(`${served.connectUrl}${GET_RULES}`, { method: "POST", ...asked("200") });
  expect((await endingOfHttp(answer)).code).toBe("DEADLINE_EXCEEDED");

  const session = connect(`http://${served.grpcAddress}`);
  const headers = { ":method": "POST", ":path": GET_RULES, "content-type": "application/grpc+proto", te: "trailers" };
  const late = session.request({ ...headers, authorization, "grpc-timeout": "200m" });
  const status = new Promise((resolve) => late.on("response", (answered) => resolve(answered["grpc-status"])));
  late.resume();
  expect(await status).toBe("4");

  const leaving = session.request({ ...headers, authorization });
  leaving.on("error", () => undefined);
  // The ping comes behind the request.
  await new Promise((answered) => void session.ping(answered));
  leaving.close();
  await waitFor(() => expect(codes()).toEqual(["DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "CANCELLED"]));
  session.close();
});

function asked(timeoutMs?: string): RequestInit {
  const timeout: Record<string, string> = timeoutMs === undefined ? {} : { "connect-timeout-ms": timeoutMs };
  return {
    headers: { "content-type": "application/json", authorization, ...timeout },
    body: JSON.stringify({ hostId }),
  };
}
