/** A gateway in front of a server of the test's own, stopped after the test. */

import type { IncomingHttpHeaders, ServerHttp2Stream, Settings } from "node:http2";
import { afterEach } from "vitest";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { startUpstream, type Upstream } from "./upstream.ts";
import type { Pair } from "../support/pair.ts";

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface InFront {
  readonly before: GatewayUnderTest;
  readonly upstream: Upstream;
}

/** What a server and its gateway are started with. */
interface Starting {
  /** Of HTTP/2, of the server. */
  readonly settings?: Settings;
  /** More variables of the gateway. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** For a file of tests: starts such a gateway. After each test, those that it has started are stopped. */
export function startingInFront(): (answer: Answer, starting?: Starting) => Promise<InFront> {
  const own: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const started of own.splice(0).toReversed()) await started.stop();
  });
  return async (answer, { settings = {}, environment = {} } = {}) => {
    const upstream = await startUpstream(answer, settings);
    own.push(upstream);
    const before = await startGatewayOf({ availability: upstream, booking: upstream } as unknown as Pair, environment);
    own.push(before);
    return { before, upstream };
  };
}
