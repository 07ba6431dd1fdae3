/** Two replicas of each process, with a balancer before each pair of ports, to be replaced one by one. */

import { freePort } from "../../services/dev/machine/ports.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { type OwnProcess, startGatewayProcess, startProcess } from "../support/processes.ts";
import { START_MAX_MS, waitUntil } from "../support/waits.ts";
import { type Balancer, type Endpoint, startBalancer, watchEndpoint } from "./balancer.ts";

type Kind = "availability" | "booking" | "gateway";

/** A place for a process: whichever runs there has the same ports. */
export interface Place {
  readonly kind: Kind;
  readonly grpcPort: number;
  /** Of the gateway, its only port. */
  readonly connectPort: number;
  readonly endpoint: Endpoint;
  /** Starts a process here, of the code in `tree` or of this one, and resolves when balancers know it. */
  start(tree?: string): Promise<void>;
  stop(): Promise<void>;
  /** The path of the program that runs here. */
  program(): string | undefined;
}

export interface RollingStage {
  readonly places: readonly Place[];
  readonly balancers: Record<"availabilityGrpc" | "availability" | "bookingGrpc" | "booking" | "gateway", Balancer>;
  stop(): Promise<void>;
}

/** More than a balancer takes here to hear of it, also where others use the processors. */
const DRAIN_PAUSE_SECONDS = "1.5";

export interface RollingOptions {
  /** The folder of the code that is started first. Left out: of this one. */
  readonly tree?: string;
  /** Dropped with the stage. Left out: new ones. */
  readonly databases?: Record<"availability" | "booking", TestDatabase>;
}

export async function startRollingStage(options: RollingOptions = {}): Promise<RollingStage> {
  const databases = options.databases ?? {
    availability: await createDatabase("availability"),
    booking: await createDatabase("booking"),
  };
  const urls: Record<string, string> = {};
  const kinds: readonly Kind[] = ["availability", "availability", "booking", "booking", "gateway", "gateway"];
  const [places, taken]: [Place[], Set<number>] = [[], new Set()];
  for (const kind of kinds) places.push(await placeFor(kind, databases, () => urls, taken));
  const before = (kind: Kind, port: "grpcPort" | "connectPort"): Promise<Balancer> =>
    startBalancer(places.filter((place) => place.kind === kind).map((place) => ({ ...place, port: place[port] })));
  const balancers = {
    availabilityGrpc: await before("availability", "grpcPort"),
    availability: await before("availability", "connectPort"),
    bookingGrpc: await before("booking", "grpcPort"),
    booking: await before("booking", "connectPort"),
    gateway: await before("gateway", "connectPort"),
  };
  Object.assign(urls, {
    AVAILABILITY_URL: `http://127.0.0.1:${balancers.availability.port}`,
    BOOKING_URL: `http://127.0.0.1:${balancers.booking.port}`,
  });
  await Promise.all(places.map((place) => place.start(options.tree)));
  return {
    places,
    balancers,
    async stop() {
      await Promise.all(places.map((place) => place.stop()));
      await Promise.all(places.map(({ endpoint }) => endpoint.unwatch()));
      await Promise.all(Object.values(balancers).map((balancer) => balancer.close()));
      await Promise.all(Object.values(databases).map((database) => database.drop()));
    },
  };
}

/** A free port that no other place has; nobody listens there yet. */
async function ownPort(taken: Set<number>): Promise<number> {
  const port = await freePort();
  if (taken.has(port)) return ownPort(taken);
  taken.add(port);
  return port;
}

async function placeFor(
  kind: Kind,
  databases: Record<"availability" | "booking", TestDatabase>,
  environment: () => Record<string, string>,
  taken: Set<number>,
): Promise<Place> {
  const [grpcPort, connectPort, operationsPort] = [await ownPort(taken), await ownPort(taken), await ownPort(taken)];
  const endpoint = watchEndpoint(`http://127.0.0.1:${operationsPort}`);
  let process: OwnProcess | undefined;
  const launch = async (tree?: string): Promise<OwnProcess> => {
    const own = { OPERATIONS_PORT: String(operationsPort), DRAIN_PAUSE_SECONDS, LOG_LEVEL: "info" };
    if (kind === "gateway") {
      return await startGatewayProcess({ ...environment(), ...own, GATEWAY_PORT: String(connectPort) }, tree);
    }
    const ports = { GRPC_PORT: String(grpcPort), CONNECT_PORT: String(connectPort) };
    const variables = { ...environment(), ...own, ...ports, DATABASE_URL: databases[kind].url };
    return await startProcess(kind, variables, tree);
  };
  return {
    kind,
    grpcPort,
    connectPort,
    endpoint,
    async start(tree) {
      // Another test may have tried in this moment whether one of the ports is free.
      process = await launch(tree).catch(async () => await launch(tree));
      await waitUntil(() => endpoint.isIn, START_MAX_MS);
    },
    async stop() {
      // One that has ended by itself would look like a lost call.
      if (process?.isAlive() === false) throw new Error(`${kind} has ended: ${process.lastWords().join(" ")}`);
      await process?.stop();
      process = undefined;
    },
    program: () => process?.program,
  };
}
