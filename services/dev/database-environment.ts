/** Where the databases of this start are, for `npm run audit`: the embedded PostgreSQL has another port every time. */

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serverUrls } from "../../shared/postgres/server-urls.ts";
import type { ServiceName } from "../ops/services.ts";

/** The file in the folder of `npm start` that has the URLs, passwords included. */
export const DATABASE_ENVIRONMENT = "databases.env";

/** Writes `databases.env` into `folder`, readable by its owner only: the URLs have passwords in them. */
export async function writeDatabaseEnvironment(
  folder: string,
  urls: Readonly<Record<ServiceName, string>>,
): Promise<void> {
  const path = join(folder, DATABASE_ENVIRONMENT);
  const lines = [`AVAILABILITY_DATABASE_URL=${urls.availability}`, `BOOKING_DATABASE_URL=${urls.booking}`];
  // A file that exists keeps its mode.
  await rm(path, { force: true });
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** A database's URL as it may be shown: screens are shared, and what a terminal or a CI job prints is kept. */
export function withoutPassword(url: string): string {
  const shown = serverUrls(url).map((each) => new URL(each));
  for (const each of shown) {
    each.password = "";
    // `pg` takes one from there too.
    each.searchParams.delete("password");
  }
  return shown.map(({ href }) => href).join(" or ");
}
