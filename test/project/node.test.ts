/** The Node.js that runs everything, here and in the image: one version, pinned by a hash. */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const project = resolve(import.meta.dirname, "../..");
const read = (path: string): unknown => JSON.parse(readFileSync(join(project, path), "utf8"));

const { optionalDependencies } = z
  .object({ optionalDependencies: z.record(z.string(), z.string()) })
  .parse(read("package.json"));
const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        integrity: z.string().optional(),
        hasInstallScript: z.boolean().optional(),
      }),
    ),
  })
  .parse(read("package-lock.json"));
const platforms = Object.keys(optionalDependencies).filter((name) => name.startsWith("node-"));

test("these tests run on the version that package.json names for every platform", () => {
  expect(platforms.length).toBeGreaterThan(3);
  const versions = new Set(platforms.map((name) => optionalDependencies[name]));
  expect([...versions]).toEqual([process.versions.node]);
});

test("package-lock.json has a hash of it for every platform, and nothing that downloads another at its install", () => {
  for (const name of platforms) {
    expect(packages[`node_modules/${name}`]?.version, name).toBe(process.versions.node);
    expect(packages[`node_modules/${name}`]?.hasInstallScript, name).toBeUndefined();
  }
  const unhashed = Object.entries(packages).filter(([path, { integrity }]) => path !== "" && integrity === undefined);
  expect(unhashed.map(([path]) => path)).toEqual([]);
});
