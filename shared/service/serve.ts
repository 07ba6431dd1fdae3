/** A service on the wire: its two listeners, health and reflection, and its orderly end. */

import type { DescService } from "@bufbuild/protobuf";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../gen/health/v1/health_pb.ts";
import { type Access, OPEN } from "../auth/access.ts";
import type { Authentication } from "../rpc/call/authenticate.ts";
import type { Chain } from "../rpc/call/chain.ts";
import { listenConnect } from "../rpc/connect/listener.ts";
import { listenGrpc } from "../rpc/grpc/listener.ts";
import type { Handlers } from "../rpc/handler.ts";
import { healthHandlers, HealthState, type IsReady } from "../rpc/standard/health.ts";
import type { Address, Listener } from "../rpc/wire/listen.ts";
import { type CallTelling, OpenCalls } from "../rpc/call/open-calls.ts";
import { type CallLimits, createLimit } from "../rpc/call/rate-limit.ts";
import { reflectionHandlers } from "../rpc/standard/reflection.ts";
import { routesOf, type ServiceEntry } from "../rpc/route.ts";
import type { ServerTls } from "../rpc/wire/tls.ts";
import { admitIllFormedText } from "../rpc/request/utf8.ts";
import { DRAIN_GRACE_MS, type WireLimits, wireLimits } from "../rpc/wire/limits.ts";

/** A method does not compile without a handler of its type, or without a line in the access table. */
export function serviceEntry<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
  access: Access<S> | typeof OPEN,
): ServiceEntry {
  return { service, handlers, access };
}

export interface ServeOptions {
  readonly services: readonly ServiceEntry[];
  readonly grpc: Address;
  readonly connect: Address;
  /** Undefined: both listeners speak plain text. */
  readonly tls: ServerTls | undefined;
  readonly authentication: Authentication;
  /** What one subject may ask of this replica. */
  readonly limits: CallLimits;
  /** What a connection may ask. Left out: the constants, which are what only tests change. */
  readonly wire?: WireLimits;
  /** Whether clients may ask for the contract itself. */
  readonly reflection: boolean;
  /** The package that defines the reasons of refusals, such as `booking.v1`. */
  readonly errorDomain: string;
  readonly log: Logger;
  /** Left out: nothing is measured or traced, and each call has its line in the log. */
  readonly telling?: CallTelling;
  readonly isReady: IsReady;
  /** How long a stop goes on taking connections once it has said "not serving". */
  readonly drainPauseMs: number;
}

export interface Served {
  readonly grpcPort: number;
  readonly connectPort: number;
  /** Whether calls are worth sending here. */
  isReady(): Promise<boolean>;
  /**
   * Ends in order: says "not serving" and goes on as before for `drainPauseMs`; takes no more connections, and has clients send no
   * more calls on those that are open; ends streams with UNAVAILABLE; lets calls finish for at most `DRAIN_GRACE_MS`, ends the
   * rest. Until then a call that comes is served.
   */
  stop(): Promise<void>;
}

/** Starts both listeners. Throws an error of one line if a port cannot be opened; then nothing is left open. */
export async function serve(options: ServeOptions): Promise<Served> {
  admitIllFormedText();
  const { log } = options;
  const health = new HealthState(options.isReady, log);
  const calls = new OpenCalls(options.telling);
  const { authentication, errorDomain, wire = wireLimits } = options;
  const limit = createLimit(options.limits);
  const chain: Chain = { calls, authentication, limit, errorDomain };
  const routes = withStandardServices(options, health).flatMap((entry) => routesOf(entry, log));
  const grpc = await listenGrpc(chain, routes, options.grpc, options.tls, wire);
  const connect = await listenConnect(chain, routes, options.connect, options.tls, wire, log).catch(
    async (cause: unknown) => {
      await grpc.close();
      throw cause;
    },
  );
  let stopped: Promise<void> | undefined;
  return {
    grpcPort: grpc.port,
    connectPort: connect.port,
    isReady: async () => (await health.current()) === HealthCheckResponse_ServingStatus.SERVING,
    stop: () => (stopped ??= drain(health, options.drainPauseMs, calls, [grpc, connect])),
  };
}

function withStandardServices(options: ServeOptions, health: HealthState): ServiceEntry[] {
  const own = options.services.map(({ service }) => service);
  const entries = [...options.services, serviceEntry(Health, healthHandlers(health, own), OPEN)];
  if (!options.reflection) return entries;
  const handlers = reflectionHandlers([...own, Health, ServerReflection, ServerReflectionAlpha]);
  return [
    ...entries,
    serviceEntry(ServerReflection, handlers, OPEN),
    serviceEntry(ServerReflectionAlpha, handlers, OPEN),
  ];
}

async function drain(
  health: HealthState,
  pauseMs: number,
  calls: OpenCalls,
  listeners: readonly Listener[],
): Promise<void> {
  health.drain();
  for (const listener of listeners) listener.announceEnd();
  await sleep(pauseMs);
  await Promise.all(listeners.map((listener) => listener.stopAccepting()));
  await calls.end(DRAIN_GRACE_MS);
  await Promise.all(listeners.map((listener) => listener.close()));
}
