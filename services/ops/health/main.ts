/**
 * `node services/ops/health/main.ts`: ends with 0 if the service that runs beside it with the same environment is serving, else
 * with 1. For a container's health check, where no other program is at hand.
 */

import { readTls } from "../../../shared/rpc/wire/tls.ts";
import { isServing } from "./probe.ts";

const TIMEOUT_MS = 3000;

const { GRPC_PORT: port, TLS_CERT: cert, TLS_KEY: key } = process.env;
const { server: own } = await readTls({ cert, key, clientCa: undefined, peerCa: undefined });
const address = `${own === undefined ? "http" : "https"}://127.0.0.1:${port ?? ""}`;
process.exit((await isServing(address, TIMEOUT_MS, own)) ? 0 : 1);
