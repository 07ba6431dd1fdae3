/** Asks the gateway whether it serves. */

import { get as getPlain } from "node:http";
import { get as getByTls } from "node:https";

const TIMEOUT_MS = 1000;

/**
 * Whether the gateway at `address` says that it is serving. False also without an answer in time. One that speaks TLS
 * (`https://`) may show any certificate: this asks the process next to it, and the certificate is for other names.
 */
export async function isGatewayServing(address: string, timeoutMs = TIMEOUT_MS): Promise<boolean> {
  const url = new URL("/healthz", address);
  const options = { agent: false, signal: AbortSignal.timeout(timeoutMs) };
  return new Promise((resolve) => {
    const fail = (): void => resolve(false);
    const asked =
      url.protocol === "https:" ? getByTls(url, { ...options, rejectUnauthorized: false }) : getPlain(url, options);
    asked.on("error", fail);
    asked.once("response", (answer) => {
      answer.on("error", fail);
      answer.resume();
      resolve(answer.statusCode === 200);
    });
  });
}
