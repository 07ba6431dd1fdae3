/**
 * `node services/ops/self-check/main.ts`: ends with 0 if this is the Node.js that package.json names and every file of the
 * programs can be loaded, else with 1 and a line on stderr. The image's build runs it, so that an image that cannot start cannot
 * be built.
 */

import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

const project = resolve(import.meta.dirname, "../../..");
const manifest = z.object({ optionalDependencies: z.record(z.string(), z.string()) });

const { optionalDependencies } = manifest.parse(JSON.parse(readFileSync(join(project, "package.json"), "utf8")));
const named = new Set(
  Object.entries(optionalDependencies).flatMap(([name, version]) => (name.startsWith("node-") ? version : [])),
);
if (!named.has(process.versions.node)) fail(`Node.js is ${process.versions.node}, not ${[...named].join(" or ")}`);

// A main.ts would start its program. All else has no effect but to be loaded, and with it the packages that it needs.
const files = globSync(["services/**/*.ts", "shared/**/*.ts"], { cwd: project }).filter(
  (path) => !path.endsWith("/main.ts") && !path.endsWith(".test.ts"),
);
for (const file of files) {
  await import(join(project, file)).catch((error: unknown) => fail(`${file} cannot be loaded: ${String(error)}`));
}
process.stdout.write(`self-check: Node.js ${process.versions.node} loads all ${files.length} files\n`);

function fail(why: string): never {
  process.stderr.write(`self-check: ${why}\n`);
  process.exit(1);
}
