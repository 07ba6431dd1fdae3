/**
 * `node services/ops/migrate/main.ts [availability] [booking]`: brings the databases up to date, both unless one is named.
 * Reads AVAILABILITY_DATABASE_URL and BOOKING_DATABASE_URL, or the files that these names with `_FILE` say. Ends with 0 when
 * all is done. May run while services do, and more than once at a time.
 */

import { z } from "zod";
import { ConfigError, readConfig } from "../../../shared/service/config.ts";
import { variables } from "../../../shared/service/variables.ts";
import { migrateDatabase } from "./migrate.ts";
import { type ServiceName, serviceNames } from "../services.ts";

const named = process.argv.slice(2);
const unknown = named.filter((name) => !serviceNames.some((service) => service === name));
if (unknown.length > 0) fail(`unknown service ${unknown.join(", ")}: it is ${serviceNames.join(" or ")}`);

for (const service of serviceNames) {
  if (named.length === 0 || named.includes(service)) await bringUpToDate(service);
}

async function bringUpToDate(service: ServiceName): Promise<void> {
  const url = urlOf(`${service.toUpperCase()}_DATABASE_URL`);
  const done = await migrateDatabase(service, url).catch((error: unknown) => fail(`${service}: ${String(error)}`));
  process.stdout.write(`${service}: ${done.length === 0 ? "up to date" : `ran ${done.join(", ")}`}\n`);
}

function urlOf(variable: string): string {
  try {
    return readConfig(z.object({ [variable]: variables.DATABASE_URL }), process.env)[variable] ?? "";
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message);
    throw error;
  }
}

function fail(message: string): never {
  process.stderr.write(`migrate: ${message}\n`);
  process.exit(1);
}
