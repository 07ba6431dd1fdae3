/** `.ci/audit-dependencies` ends as it should. It runs here with an npm that says what the test wants. */

import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { env } from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";

const program = resolve(import.meta.dirname, "../../.ci/audit-dependencies");

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotwright-npm-"));
  const npm = join(folder, "npm");
  await writeFile(npm, `#!/bin/sh\ncat "${folder}/report"\nexit 1\n`);
  await chmod(npm, 0o755);
});

afterAll(() => rm(folder, { recursive: true }));

type Severity = "low" | "moderate" | "high" | "critical";

/** A report of npm on packages with weaknesses. */
function reportOn(packages: Readonly<Record<string, Severity>>): string {
  const counts: Record<Severity, number> = { low: 0, moderate: 0, high: 0, critical: 0 };
  for (const severity of Object.values(packages)) counts[severity] += 1;
  const vulnerabilities = Object.fromEntries(
    Object.entries(packages).map(([name, severity]) => [name, { name, severity, range: "<2.0.0" }]),
  );
  return JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: counts } });
}

async function auditOf(report: string): Promise<{ readonly code: number; readonly said: string }> {
  await writeFile(join(folder, "report"), report);
  return new Promise((done) => {
    const environment = { ...env, PATH: `${folder}${delimiter}${env["PATH"] ?? ""}` };
    const child = execFile(program, { env: environment }, (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

test.each(["high", "critical"] as const)(
  "fails at one weakness that is %s, and names the package",
  async (severity) => {
    const { code, said } = await auditOf(reportOn({ harmless: "low", leaky: severity }));
    expect([code, said]).toEqual([1, `low: harmless <2.0.0\n${severity}: leaky <2.0.0\n`]);
  },
);

test.each([{}, { harmless: "low" }, { harmless: "low", nearly: "moderate" }] as const)(
  "passes at %j",
  async (packages) => {
    expect((await auditOf(reportOn(packages))).code).toBe(0);
  },
);

test("passes with a warning if the registry is out of reach", async () => {
  const { code, said } = await auditOf('{"message":"request failed","error":{}}');
  expect([code, said]).toEqual([0, "warning: dependencies were not audited: the registry is out of reach\n"]);
});

test.each(["", "npm ERR! cb() never called!", "{}"])("fails at %j, which is no report", async (report) => {
  expect((await auditOf(report)).code).not.toBe(0);
});

test("reads a report that is longer than an argument can be", async () => {
  const packages = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`package-${n}`, "low"] as const));
  expect((await auditOf(reportOn({ ...packages, leaky: "critical" }))).said).toMatch(/critical: leaky <2\.0\.0\n$/);
});
