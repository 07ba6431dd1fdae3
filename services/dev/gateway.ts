/** The gateway of `npm start`. */

import type { DevConfig } from "./config.ts";

/** Where people and their browsers find it. */
export function gatewayAddress({ LISTEN_HOST, GATEWAY_PORT }: DevConfig): string {
  return `http://${LISTEN_HOST}:${GATEWAY_PORT}`;
}

/** Its settings, as its `config.ts` reads them. */
export function gatewayVariables(
  config: DevConfig,
  urls: { readonly AVAILABILITY_URL: string; readonly BOOKING_URL: string },
): Record<string, string> {
  const { LISTEN_HOST, LOG_LEVEL, GATEWAY_PORT } = config;
  return { ...urls, ENVIRONMENT: "development", LISTEN_HOST, LOG_LEVEL, GATEWAY_PORT: String(GATEWAY_PORT) };
}
