/** Programs of a folder of code, run on the pair's databases until they end. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { execPath } from "node:process";
import { promisify } from "node:util";
import type { TestDatabase } from "../support/postgres.ts";

const run = promisify(execFile);

/** What a program says. Rejects unless it ends with 0. */
export async function outputOf(
  program: "migrate" | "audit",
  tree: string,
  databases: Record<"availability" | "booking", TestDatabase>,
): Promise<string> {
  const env = { AVAILABILITY_DATABASE_URL: databases.availability.url, BOOKING_DATABASE_URL: databases.booking.url };
  const { stdout } = await run(execPath, [join(tree, "services/ops", program, "main.ts")], { env });
  return stdout;
}
