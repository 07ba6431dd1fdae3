/** docker-compose.yml as compose reads it with docker/example.env, and the secrets that it mounts, made for the test. */

import { mkdtemp } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inject } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { makeSecrets } from "../../services/ops/secrets/make-secrets.ts";

export const project = resolve(import.meta.dirname, "../..");

export function readProject(path: string): string {
  return readFileSync(join(project, path), "utf8");
}

const part = z.object({
  image: z.string(),
  profiles: z.array(z.string()),
  command: z.array(z.string()).optional(),
  depends_on: z
    .union([
      z.record(z.string(), z.object({ condition: z.string() })),
      z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, {}]))),
    ])
    .default({}),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  restart: z.string(),
  mem_limit: z.string().optional(),
  cpus: z.coerce.string().optional(),
  logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
});

const file = z.object({
  services: z.record(z.string(), part),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

/** What docker/example.env sets. */
export const exampleSettings: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from(readProject("docker/example.env").matchAll(/^([A-Z_]+)=(.+)$/gm), ([, name = "", value = ""]) => [
    name,
    value,
  ]),
);

export const compose = file.parse(parse(interpolate(readProject("docker-compose.yml")), { merge: true }));

/** As compose does it: `${NAME:-default}`. None may be required, or the demo would not start without a `.env`. */
function interpolate(text: string): string {
  return text.replaceAll(
    /\$\{([A-Z_]+)(?:(:-)([^}]*))?\}/g,
    (_, name: string, kind: string | undefined, standard: string | undefined) => {
      if (kind === undefined) throw new Error(`docker-compose.yml requires ${name}`);
      return exampleSettings[name] ?? standard ?? "";
    },
  );
}

/** What `docker compose run --rm secrets` makes. */
export const secretsFolder = await mkdtemp(join(inject("keyFolder"), "compose-"));
await makeSecrets(secretsFolder);

/** The file of this test that a container sees as `/run/secrets/<name>`. */
export function secretFile(path: string): string {
  const name = path.replace(/^\/run\/secrets\//, "");
  return join(secretsFolder, compose.secrets[name]?.file.replace(/^\.\/secrets\//, "") ?? "no such secret");
}

/** The environment of a part of the file. What is a secret there is one here. */
export function environmentOf(name: string): Record<string, string> {
  const set = Object.entries(compose.services[name]?.environment ?? {});
  return Object.fromEntries(
    set.map(([variable, value]) => [variable, value.startsWith("/run/secrets/") ? secretFile(value) : value]),
  );
}

/** The URL of a database, which the secret in `variable` holds. */
export function databaseUrlOf(name: string, variable: string): URL {
  return new URL(readFileSync(environmentOf(name)[variable] ?? "", "utf8"));
}
