/** A service on the wire: its two listeners, health and reflection, and its orderly end. */

import type { DescService } from "@bufbuild/protobuf";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../gen/health/v1/health_pb.ts";
import { everybodyIsAnonymous } from "./authenticate.ts";
import type { Chain } from "./chain.ts";
import { listenConnect } from "./connect-port.ts";
import { listenGrpc } from "./grpc-listener.ts";
import type { Handlers } from "./handler.ts";
import type { IsReady } from "./health.ts";
import { healthHandlers, HealthState } from "./health.ts";
import type { Address, Listener } from "./listen.ts";
import { OpenCalls } from "./open-calls.ts";
import { reflectionHandlers } from "./reflection.ts";
import { routesOf } from "./route.ts";
import { admitIllFormedText } from "./utf8.ts";
import { DRAIN_GRACE_MS, DRAIN_PAUSE_MS } from "./wire-limits.ts";

/** A service of a contract and what answers its methods. */
export interface ServiceEntry {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, unknown>>;
}

/** Pairs a service with its handlers. A method that has none, or one of another type, does not compile. */
export function serviceEntry<S extends DescService>(service: S, handlers: Handlers<S>): ServiceEntry {
  return { service, handlers };
}

export interface ServeOptions {
  readonly services: readonly ServiceEntry[];
  readonly grpc: Address;
  readonly connect: Address;
  /** Whether clients may ask for the contract itself. */
  readonly reflection: boolean;
  /** The package that defines the reasons of refusals, such as `booking.v1`. */
  readonly errorDomain: string;
  readonly log: Logger;
  readonly isReady: IsReady;
}

export interface Served {
  readonly grpcPort: number;
  readonly connectPort: number;
  /**
   * Ends in order: says "not serving", pauses, takes no more connections, ends streams with UNAVAILABLE, lets calls finish
   * for at most `DRAIN_GRACE_MS`, ends the rest.
   */
  stop(): Promise<void>;
}

/** Starts both listeners. Throws an error of one line if a port cannot be had; then nothing is left open. */
export async function serve(options: ServeOptions): Promise<Served> {
  admitIllFormedText();
  const { log } = options;
  const health = new HealthState(options.isReady, log);
  const calls = new OpenCalls();
  const chain: Chain = { calls, authenticate: everybodyIsAnonymous, errorDomain: options.errorDomain };
  const routes = withStandardServices(options, health).flatMap(({ service, handlers }) =>
    routesOf(service, handlers, log),
  );
  const grpc = await listenGrpc(chain, routes, options.grpc);
  const connect = await listenConnect(chain, routes, options.connect, log).catch(async (cause: unknown) => {
    await grpc.close();
    throw cause;
  });
  let stopped: Promise<void> | undefined;
  return {
    grpcPort: grpc.port,
    connectPort: connect.port,
    stop: () => (stopped ??= drain(health, calls, [grpc, connect])),
  };
}

function withStandardServices(options: ServeOptions, health: HealthState): ServiceEntry[] {
  const own = options.services.map(({ service }) => service);
  const entries = [...options.services, serviceEntry(Health, healthHandlers(health, own))];
  if (!options.reflection) return entries;
  const handlers = reflectionHandlers([...own, Health, ServerReflection, ServerReflectionAlpha]);
  return [...entries, serviceEntry(ServerReflection, handlers), serviceEntry(ServerReflectionAlpha, handlers)];
}

async function drain(health: HealthState, calls: OpenCalls, listeners: readonly Listener[]): Promise<void> {
  health.drain();
  await sleep(DRAIN_PAUSE_MS);
  for (const listener of listeners) listener.stopAccepting();
  calls.stop();
  const grace = setTimeout(() => calls.interruptAll(), DRAIN_GRACE_MS);
  await calls.whenIdle();
  clearTimeout(grace);
  await Promise.all(listeners.map((listener) => listener.close()));
}
