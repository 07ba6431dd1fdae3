/**
 * deploy/kubernetes against the code that it starts, and against Kubernetes' own schemas. The second needs the programs
 * kustomize and kubernetes-validate, which `.ci/install-tools` installs; without them it says that it was skipped.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { availabilityVariables } from "../../services/availability/config.ts";
import { bookingVariables } from "../../services/booking/config.ts";
import { gatewayVariables } from "../../services/gateway/config.ts";
import { programPath, saySkipped } from "../support/installed.ts";
import { compose, environmentOf, project, readProject } from "../support/compose.ts";

const FOLDER = "deploy/kubernetes";
const KUBERNETES = "1.37";
const overlays = ["services", "migrate"];

const container = z.object({
  args: z.array(z.string()),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
});
const workload = z.object({
  kind: z.enum(["Deployment", "Job"]),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([container]),
        volumes: z.array(z.object({ secret: z.object({ secretName: z.string() }) })).default([]),
      }),
    }),
  }),
});

const workloads = ["services/availability.yaml", "services/booking.yaml", "services/gateway.yaml", "migrate/jobs.yaml"]
  .flatMap((path) => documents(readProject(join(FOLDER, path))))
  .flatMap((each) => workload.safeParse(each).data ?? []);
/** What services/deployments.yaml sets in every Deployment. */
const ofEvery = Array.from(
  readProject(join(FOLDER, "services/deployments.yaml")).matchAll(/name: ([A-Z_]+), value/g),
  ([, name = ""]) => name,
);

function documents(text: string): unknown[] {
  return parseAllDocuments(text).map((document) => document.toJS() as unknown);
}

function programOf(name: string): z.output<typeof container> {
  const found = workloads.find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no manifest of ${name}`);
  return found.spec.template.spec.containers[0];
}

/** The names of variables that a file of settings has. */
function namesIn(path: string): string[] {
  return Array.from(readProject(join(FOLDER, path)).matchAll(/^([A-Z_]+)=/gm), ([, name = ""]) => name);
}

test.each([
  ["availability", availabilityVariables, "example/services/settings.env"],
  ["booking", bookingVariables, "example/services/settings.env"],
  ["gateway", gatewayVariables, "example/services/gateway.env"],
] as const)(
  "every variable of %s is one that it reads, and all that it needs are there",
  (name, { shape }, settings) => {
    const set = [...programOf(name).env.map((variable) => variable.name), ...namesIn(settings), ...ofEvery];
    expect(set.filter((variable) => !(variable.replace(/^(DATABASE_URL)_FILE$/, "$1") in shape))).toEqual([]);
    const required = Object.entries(shape).flatMap(([variable, rule]) =>
      rule.safeParse(undefined).success ? [] : variable,
    );
    expect(required.filter((variable) => !set.includes(variable) && !set.includes(`${variable}_FILE`))).toEqual([]);
  },
);

test("programs, ports and addresses are those of docker-compose.yml", () => {
  for (const name of ["availability", "booking", "gateway", "migrate-availability", "migrate-booking"]) {
    const { args, env, ports } = programOf(name);
    expect(args, name).toEqual(compose.services[name]?.command);
    const set = Object.fromEntries(env.map((variable) => [variable.name, variable.value]));
    const same = Object.entries(environmentOf(name)).filter(([variable]) =>
      /^(?:LISTEN_HOST|AUTH_AUDIENCE|\w+_(?:PORT|URL))$/.test(variable),
    );
    expect(set, name).toMatchObject(Object.fromEntries(same));
    const listening = Object.entries(set).flatMap(([variable, value]) =>
      variable.endsWith("_PORT") ? Number(value) : [],
    );
    expect(new Set(ports.map((port) => port.containerPort)), name).toEqual(new Set(listening));
  }
});

test("each program has its own secret, and none is in the manifests", () => {
  const names = workloads.flatMap(({ spec }) => spec.template.spec.volumes.map(({ secret }) => secret.secretName));
  expect(names).toEqual(
    ["availability", "booking", "migrate-availability", "migrate-booking"].map((name) => `slotwright-${name}`),
  );
  const kinds = globSync(`${FOLDER}/**/*.yaml`, { cwd: project }).flatMap((path) => documents(readProject(path)));
  expect(kinds.filter((each) => z.object({ kind: z.literal("Secret") }).safeParse(each).success)).toEqual([]);
  const page = readProject("docs/operations.md");
  expect(names.filter((name) => !page.includes(`secret generic ${name}`))).toEqual([]);
});

test("every manifest is named in the kustomization of its folder", () => {
  for (const path of globSync(`${FOLDER}/*/*.yaml`, { cwd: project })) {
    if (path.endsWith("/kustomization.yaml")) continue;
    const list = readProject(join(dirname(path), "kustomization.yaml"));
    expect(list).toContain(path.slice(dirname(path).length + 1));
  }
});

const missing = ["kustomize", "kubernetes-validate"].filter((name) => programPath(name) === undefined);
saySkipped(missing, "the manifests for Kubernetes are not rendered and validated");

describe.skipIf(missing.length > 0)("rendered by kustomize", () => {
  test.each(overlays)(
    "the overlay of the example for %s is what Kubernetes' schemas allow, to the last field",
    (overlay) => {
      expect(complaints(render(overlay))).toBe("");
    },
  );

  test("a field that Kubernetes does not have is found", () => {
    expect(complaints(render("services").replace("enableServiceLinks:", "enableServiceLink:"))).toContain(
      "enableServiceLink",
    );
  });

  test("every pod runs without root, without capabilities, without a token, on a file system that it cannot write", () => {
    const pods = overlays
      .flatMap((overlay) => documents(render(overlay)))
      .flatMap((each) => hardened.safeParse(each).data ?? []);
    expect(pods.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      workloads.map(({ metadata }) => metadata.name).toSorted(),
    );
  });
});

/** A Deployment or Job as it must be. What is not so does not parse. */
const hardened = workload.extend({
  spec: z.object({
    template: z.object({
      spec: z.object({
        automountServiceAccountToken: z.literal(false),
        enableServiceLinks: z.literal(false),
        securityContext: z.object({
          runAsNonRoot: z.literal(true),
          seccompProfile: z.object({ type: z.literal("RuntimeDefault") }),
        }),
        containers: z.tuple([
          z.object({
            image: z.string().regex(/:\d/),
            securityContext: z.object({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.object({ drop: z.tuple([z.literal("ALL")]) }),
            }),
            resources: z.object({ limits: z.object({ memory: z.string() }) }),
          }),
        ]),
      }),
    }),
  }),
});

function render(overlay: string): string {
  return execFileSync("kustomize", ["build", join(project, FOLDER, "example", overlay)], { encoding: "utf8" });
}

function complaints(manifests: string): string {
  const folder = mkdtempSync(join(tmpdir(), "slotwright-kubernetes-"));
  const file = join(folder, "all.yaml");
  writeFileSync(file, manifests);
  const { status, stdout, stderr } = spawnSync(
    "kubernetes-validate",
    ["--strict", "--kubernetes-version", KUBERNETES, file],
    { encoding: "utf8" },
  );
  rmSync(folder, { recursive: true });
  return status === 0 ? "" : stdout + stderr;
}
