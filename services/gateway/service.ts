/** The gateway as a whole. It decides nothing and stores nothing: it translates. */

import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { OpenCalls } from "../../shared/rpc/call/open-calls.ts";
import { readTls } from "../../shared/rpc/wire/tls.ts";
import { CONNECTION_AGE_MS, DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { openTelemetry } from "../../shared/telemetry/open-telemetry.ts";
import { openOperationsPort } from "../../shared/service/operations-port.ts";
import { portRefused } from "../../shared/rpc/wire/listen.ts";
import { LastAnswers } from "../../shared/rpc/wire/last-answers.ts";
import { Sessions } from "../../shared/rpc/wire/sessions.ts";
import type { GatewayConfig } from "./config.ts";
import { httpRuleOf, readContract } from "./contract/contract.ts";
import { addDocumentation } from "./http/documentation.ts";
import { addPage } from "./http/page.ts";
import { gatewayServer } from "./http/server.ts";
import { openApiDocument } from "./openapi/document.ts";
import { bindingsOf } from "./transcoding/binding.ts";
import { routeTable } from "./transcoding/table.ts";
import { openBackends } from "./upstream/backends.ts";
import { openEndings } from "./upstream/ending.ts";

export interface RunningGateway {
  readonly port: number;
  /** Left out where there is none. */
  readonly operationsPort?: number;
  /** Ends in order, as the services do: see `Served` of shared/service/serve.ts. */
  stop(): Promise<void>;
}

/** Starts the gateway. Throws an Error to show to the operator if it cannot. */
export async function startGateway(config: GatewayConfig, log: Logger): Promise<RunningGateway> {
  const telemetry = await openTelemetry("gateway", config.telemetry, log);
  const { meter } = telemetry;
  const contract = await readContract();
  const bindings = contract.methods.flatMap((method) => bindingsOf(method, httpRuleOf(method)));
  const tls = await readTls(config.tls);
  const urls = { "availability.v1": config.availabilityUrl, "booking.v1": config.bookingUrl };
  const backends = openBackends(contract, urls, { tls: tls.peer, streamsMax: config.streamsMax, meter });
  const calls = new OpenCalls({ meter, tracer: telemetry.tracer, loggedSuccesses: config.loggedSuccesses });
  const logs = new Map(
    contract.methods.map((method) => [method, log.child({ method: `${method.parent.typeName}/${method.name}` })]),
  );
  const { corsOrigins, tellsWhy } = config;
  const [table, endingOf] = [routeTable(bindings), openEndings(log)];
  const deps = { contract, table, backends, endingOf, calls, logs, log, corsOrigins, tellsWhy };
  const app = gatewayServer(deps, tls.server);
  const [connections, lastAnswers] = [new Sessions(), new LastAnswers(app.server, CONNECTION_AGE_MS)];
  // Of TLS, these are the connections underneath: the server itself does not know of one whose handshake never ends.
  app.server.on("connection", (socket) => connections.addSocket(socket));
  app.server.prependListener("request", (_request, response) => lastAnswers.add(response));
  await addDocumentation(app, openApiDocument(contract, bindings));
  const health = { isServing: true };
  addPage(app, "/healthz", async (_request, reply) => {
    // Of this process only. Were it of the services too, one of them down would take the other from every caller.
    return reply.code(health.isServing ? 200 : 503).send({ status: health.isServing ? "SERVING" : "NOT_SERVING" });
  });
  const port = await listenOn(app, config.listen);
  const pages = { isReady: async () => health.isServing, exposition: telemetry.exposition };
  const operations = await openOperationsPort(config.operations, pages).catch(async (cause: unknown) => {
    await app.close();
    throw cause;
  });
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    health.isServing = false;
    lastAnswers.announce();
    await sleep(config.drainPauseMs);
    await drain(app, connections, calls).finally(() => backends.close());
    await operations?.close();
    await telemetry.close();
  };
  return {
    port,
    ...(operations === undefined ? {} : { operationsPort: operations.port }),
    stop: () => (stopped ??= stop()),
  };
}

async function listenOn(app: FastifyInstance, { host, port }: GatewayConfig["listen"]): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw portRefused({ host, port }, cause);
  }
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("the gateway has no port");
  return address.port;
}

async function drain(app: FastifyInstance, connections: Sessions, calls: OpenCalls): Promise<void> {
  const closed = new Promise<void>((resolve) => void app.server.close(() => resolve()));
  await calls.end(DRAIN_GRACE_MS);
  await connections.close(closed);
  await app.close();
}
