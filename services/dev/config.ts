/** Settings of `npm start`. All are optional. */

import { isAbsolute, resolve } from "node:path";
import { z } from "zod";
import { readConfig, wholeNumber } from "../../shared/service/config.ts";
import { variables } from "../../shared/service/variables.ts";

const port = (standard: number): z.ZodType<number, string | undefined> => wholeNumber(1, 65_535).default(standard);

const schema = z.object({
  AVAILABILITY_GRPC_PORT: port(50_051),
  AVAILABILITY_CONNECT_PORT: port(8081),
  BOOKING_GRPC_PORT: port(50_052),
  BOOKING_CONNECT_PORT: port(8082),
  GATEWAY_PORT: port(8080),
  LISTEN_HOST: variables.LISTEN_HOST,
  /** The name by which others reach the ports, if not by LISTEN_HOST: in a container. The commands to try have it in them. */
  SHOWN_HOST: z.string().optional(),
  /** The command by which a shell of the user reads a file of DEV_FOLDER, where that folder is in a container. */
  READ_FILE: z.string().default("cat"),
  /** One line per call is for production: here it would hide the commands to try. */
  LOG_LEVEL: variables.LOG_LEVEL.default("warn"),
  /** A PostgreSQL of one's own (15 to 18) for a service, instead of the embedded one. */
  AVAILABILITY_DATABASE_URL: variables.DATABASE_URL.optional(),
  BOOKING_DATABASE_URL: variables.DATABASE_URL.optional(),
  /** Port of the embedded PostgreSQL. 0: any that is free. */
  POSTGRES_PORT: wholeNumber(0, 65_535).default(0),
  /** Where the embedded PostgreSQL keeps its data, relative to the project. */
  DEV_FOLDER: z.string().default(".dev"),
});

/** The settings that are ports of processes that \`npm start\` runs, beside PostgreSQL's. */
export const portVariables = [
  "AVAILABILITY_GRPC_PORT",
  "AVAILABILITY_CONNECT_PORT",
  "BOOKING_GRPC_PORT",
  "BOOKING_CONNECT_PORT",
  "GATEWAY_PORT",
] as const;

export type DevConfig = z.output<typeof schema>;

/** The folder of the checkout. */
export const project = resolve(import.meta.dirname, "../..");

/** Throws ConfigError. */
export function readDevConfig(environment: Readonly<Record<string, string | undefined>>): DevConfig {
  const config = readConfig(schema, environment);
  const { DEV_FOLDER } = config;
  return { ...config, DEV_FOLDER: isAbsolute(DEV_FOLDER) ? DEV_FOLDER : resolve(project, DEV_FOLDER) };
}
