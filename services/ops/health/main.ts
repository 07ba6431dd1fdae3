/**
 * `node services/ops/health/main.ts`: ends with 0 if the service or the gateway that runs beside it with the same environment is
 * serving, else with 1 and a line on stderr. For a container's health check, where no other program is at hand.
 */

import { readTls } from "../../../shared/rpc/wire/tls.ts";
import { isGatewayServing } from "./gateway.ts";
import { isServing } from "./probe.ts";

const TIMEOUT_MS = 3000;

const { GRPC_PORT: grpcPort, GATEWAY_PORT: gatewayPort, TLS_CERT: cert, TLS_KEY: key } = process.env;
const { server: own } = await readTls({ cert, key, clientCa: undefined, peerCa: undefined });
const addressOf = (port: string): string => `${own === undefined ? "http" : "https"}://127.0.0.1:${port}`;

if (grpcPort !== undefined) end(await isServing(addressOf(grpcPort), TIMEOUT_MS, own));
else if (gatewayPort !== undefined) end(await isGatewayServing(addressOf(gatewayPort), TIMEOUT_MS));
else end(false, "neither GRPC_PORT nor GATEWAY_PORT is set");

function end(serving: boolean, why = "it does not serve"): never {
  if (!serving) process.stderr.write(`health: ${why}\n`);
  process.exit(serving ? 0 : 1);
}
