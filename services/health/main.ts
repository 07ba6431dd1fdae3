/**
 * `node services/health/main.ts`: ends with 0 if the service that runs beside it with the same environment is serving, else
 * with 1. For a container's health check, where no other program is at hand.
 */

import { isServing } from "./probe.ts";

const TIMEOUT_MS = 3000;

const serving = await isServing(`http://127.0.0.1:${process.env["GRPC_PORT"] ?? ""}`, TIMEOUT_MS);
process.exit(serving ? 0 : 1);
