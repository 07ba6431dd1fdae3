/** A gateway in front of the pair. */

import { startChild, waitUntilReady } from "../../services/dev/children.ts";
import { isGatewayServing } from "../../services/ops/health/gateway.ts";
import { freePort } from "../../services/dev/machine/ports.ts";

export interface Gateway {
  readonly pid: number;
  /** `host:port` */
  readonly address: string;
}

/** Starts a gateway with more variables. `scope` ends it. */
export async function startGateway(
  scope: AsyncDisposableStack,
  variables: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const port = await freePort();
  const child = startChild("gateway", { ...process.env, ...variables, GATEWAY_PORT: String(port) });
  scope.defer(() => child.stop());
  const address = `127.0.0.1:${port}`;
  await waitUntilReady(child, () => isGatewayServing(`http://${address}`), AbortSignal.timeout(30_000));
  return { pid: child.pid ?? 0, address };
}
