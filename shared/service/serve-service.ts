import type { Logger } from "pino";
import type { Pool } from "pg";
import { type FindTokenUser, identifyBy } from "../auth/identify.ts";
import type { Auth } from "../auth/open-auth.ts";
import { isWritable } from "../postgres/session.ts";
import type { ServiceEntry } from "../rpc/route.ts";
import type { Tls } from "../rpc/wire/tls.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { openOperationsPort } from "./operations-port.ts";
import type { Running } from "./run-service.ts";
import { serve } from "./serve.ts";
import type { ServiceConfig } from "./service-config.ts";

export interface ServiceParts {
  readonly services: readonly ServiceEntry[];
  readonly auth: Auth;
  readonly findTokenUser: FindTokenUser;
  readonly tls: Tls;
  /** The service is ready while its database takes writes, once it knows by which keys to tell callers. */
  readonly pool: Pool;
  /** The package that defines the reasons of refusals, such as `booking.v1`. */
  readonly errorDomain: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** Serves a service whose parts are open. A stop ends its calls first, and then closes all that `opened` has. */
export async function serveService(
  opened: AsyncDisposableStack,
  {
    grpc,
    connect,
    operations,
    drainPauseMs,
    limits,
    reflection,
    loggedSuccesses,
    auth: { development },
  }: ServiceConfig,
  { services, auth, findTokenUser, tls, pool, errorDomain, log, telemetry }: ServiceParts,
): Promise<Running> {
  const readiness = { isReady: async (): Promise<boolean> => false };
  const pages = { isReady: () => readiness.isReady(), exposition: telemetry.exposition };
  // Opened before the calls come and closed after they have ended, so that both can be seen.
  const port = await openOperationsPort(operations, pages);
  opened.defer(() => port?.close());
  const served = await serve({
    services,
    grpc,
    connect,
    tls: tls.server,
    authentication: { identify: identifyBy(auth.verify, findTokenUser), tellsWhy: development },
    limits,
    reflection,
    errorDomain,
    log,
    isReady: async (signal) => auth.isReady() && (await isWritable(pool, { signal })),
    telling: { meter: telemetry.meter, tracer: telemetry.tracer, loggedSuccesses },
    drainPauseMs,
  });
  readiness.isReady = served.isReady;
  opened.defer(() => served.stop());
  const running = opened.move();
  return {
    grpcPort: served.grpcPort,
    connectPort: served.connectPort,
    ...(port === undefined ? {} : { operationsPort: port.port }),
    stop: () => running.disposeAsync(),
  };
}
