/** Programs for operators, as processes of their own. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `services/ops/<name>/main.ts` to its end. */
export async function runProgram(name: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const main = fileURLToPath(new URL(`../../services/ops/${name}/main.ts`, import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [main], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

/** The variables by which programs find both databases. */
export function databaseVariables(urls: { readonly availability: string; readonly booking: string }) {
  return { AVAILABILITY_DATABASE_URL: urls.availability, BOOKING_DATABASE_URL: urls.booking };
}
