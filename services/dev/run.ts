/** Starts the pair and its gateway, keeps them running, stops them. */

import { join } from "node:path";
import { isGatewayServing } from "../ops/health/gateway.ts";
import type { ServiceName } from "../ops/services.ts";
import { type Child, startChild, waitUntilReady, waitUntilServing } from "./children.ts";
import { type DevConfig, portVariables } from "./config.ts";
import { writeDatabaseEnvironment } from "./database-environment.ts";
import { prepareDatabases } from "./databases.ts";
import { StartFailure } from "./machine/failure.ts";
import { gatewayAddress, gatewayVariables } from "./gateway.ts";
import { guide } from "./guide.ts";
import { type DevKeys, provideKeys } from "./keys.ts";
import { assertPortFree } from "./machine/ports.ts";
import { writeSampleEnvironment } from "./sample-environment.ts";
import { firstOpenSlots, provideSample } from "./sample.ts";
import { adminToken, writeTokens } from "./tokens.ts";

export interface PairOptions {
  readonly config: DevConfig;
  /** Whether the embedded database begins again. */
  readonly fresh: boolean;
  /** What the services inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when everything is to stop. */
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
}

/**
 * Returns when `signal` was aborted and all has ended: the gateway first and then the services, so that they finish their
 * calls, then the database. Throws StartFailure, after the same, when the pair cannot start or a part of it ends by itself.
 */
export async function runPair({ config, fresh, environment, signal, print }: PairOptions): Promise<void> {
  const begun = performance.now();
  await using parts = new AsyncDisposableStack();
  await assertPortsFree(config);
  const databases = await prepareDatabases(config, fresh, (embedded) => parts.defer(() => embedded.stop()));
  const keys = await provideKeys(join(config.DEV_FOLDER, "keys"));
  if (signal.aborted) return;

  const start = (name: ServiceName): Child =>
    startChild(name, { ...environment, ...variables(config, name, databases.urls[name], keys) });
  const [availability, booking] = [start("availability"), start("booking")];
  parts.defer(async () => {
    await Promise.all([availability.stop(), booking.stop()]);
  });
  const urls = {
    AVAILABILITY_URL: connectAddress(config, "availability"),
    BOOKING_URL: connectAddress(config, "booking"),
  };
  const gateway = startChild("gateway", { ...environment, ...gatewayVariables(config, urls) });
  parts.defer(() => gateway.stop());
  try {
    await Promise.all([
      waitUntilServing(availability, grpcAddress(config, "availability"), signal),
      waitUntilServing(booking, grpcAddress(config, "booking"), signal),
      waitUntilReady(gateway, () => isGatewayServing(gatewayAddress(config)), signal),
    ]);
    const admin = await adminToken(keys);
    const sample = await provideSample(connectAddress(config, "availability"), admin, Date.now());
    const slots = await firstOpenSlots(connectAddress(config, "booking"), admin, sample.hostId);
    await writeTokens(config.DEV_FOLDER, keys, sample);
    const shown = { ...config, LISTEN_HOST: config.SHOWN_HOST ?? config.LISTEN_HOST };
    await writeSampleEnvironment(shown, sample, slots);
    await writeDatabaseEnvironment(config.DEV_FOLDER, databases.urls);
    print(`ready in ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
    const database = databases.embedded === undefined ? undefined : databases.urls.booking;
    const pids = { availabilityPid: availability.pid, bookingPid: booking.pid, gatewayPid: gateway.pid };
    print(guide(shown, sample, slots[0], { ...pids, database }));
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  await lasting([availability, booking, gateway], databases.embedded?.ended, signal);
}

async function assertPortsFree(config: DevConfig): Promise<void> {
  for (const variable of portVariables) await assertPortFree(config.LISTEN_HOST, config[variable], variable);
}

/** Returns when the signal is aborted, and throws StartFailure when a part of the pair has ended without it. */
async function lasting(
  children: readonly Child[],
  databaseEnded: Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const ends = children.map((child) => child.ended.then((how) => `${child.name} ended (${how})`));
  if (databaseEnded !== undefined) ends.push(databaseEnded.then(() => "PostgreSQL ended"));
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const what = await Promise.race([stopped, ...ends]);
  if (what !== undefined && !signal.aborted) throw new StartFailure(`${what}: all is stopped`);
}

function grpcAddress(config: DevConfig, service: ServiceName): string {
  const port = service === "availability" ? config.AVAILABILITY_GRPC_PORT : config.BOOKING_GRPC_PORT;
  return `http://${config.LISTEN_HOST}:${port}`;
}

function connectAddress(config: DevConfig, service: ServiceName): string {
  const port = service === "availability" ? config.AVAILABILITY_CONNECT_PORT : config.BOOKING_CONNECT_PORT;
  return `http://${config.LISTEN_HOST}:${port}`;
}

/** The settings of one service, as its `config.ts` reads them. */
function variables(
  config: DevConfig,
  service: ServiceName,
  databaseUrl: string,
  keys: DevKeys,
): Record<string, string> {
  const isAvailability = service === "availability";
  return {
    ...keys.variablesOf(service),
    DATABASE_URL: databaseUrl,
    LISTEN_HOST: config.LISTEN_HOST,
    LOG_LEVEL: config.LOG_LEVEL,
    GRPC_PORT: String(isAvailability ? config.AVAILABILITY_GRPC_PORT : config.BOOKING_GRPC_PORT),
    CONNECT_PORT: String(isAvailability ? config.AVAILABILITY_CONNECT_PORT : config.BOOKING_CONNECT_PORT),
    BOOKING_URL: connectAddress(config, "booking"),
    AVAILABILITY_URL: connectAddress(config, "availability"),
  };
}
