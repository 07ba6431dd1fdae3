/** deploy/observability/: the rules and the dashboard ask for what the processes tell, and Prometheus can read both. */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type GatewayUnderTest, startGatewayOf } from "../gateway/started.ts";
import { readMetrics } from "../support/metrics.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { programPath, saySkipped } from "../support/installed.ts";
import { bookAndBeRefused } from "./activity.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";

const folder = resolve(import.meta.dirname, "../../deploy/observability");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

const alerts = (parse(read("alerts.yaml")) as Rules).groups.flatMap(({ rules }) => rules);
const panels = (JSON.parse(read("dashboard.json")) as Dashboard).panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr: expr.replaceAll("$__rate_interval", "1m") })),
);
const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr]),
  ...panels.map(({ title, expr }) => [title, expr]),
];

let pair: Pair;
let gateway: GatewayUnderTest;
beforeAll(async () => {
  const environment = { OPERATIONS_PORT: "0" };
  pair = await startPair({ availability: environment, booking: environment });
  gateway = await startGatewayOf(pair, environment);
  await bookAndBeRefused(pair, gateway);
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

const operationsUrls = () => ({
  "slotwright-availability": pair.availability.operationsUrl,
  "slotwright-booking": pair.booking.operationsUrl,
  "slotwright-gateway": gateway.operationsUrl,
});

test("every metric that a rule or a panel asks for is told by a process", async () => {
  const told = new Set<string>(["up"]);
  for (const url of Object.values(operationsUrls())) for (const name of (await readMetrics(url)).names) told.add(name);
  const asked = expressions.flatMap(([where, expr = ""]) =>
    Array.from(expr.matchAll(/\b(up|[a-z]+(?:_[a-z0-9]+)+)(?=\{)/g), ([, name = ""]) => ({ where, name })),
  );
  expect(asked.length).toBeGreaterThan(expressions.length - 1);
  expect(asked.filter(({ name }) => !told.has(name))).toEqual([]);
});

test("docs/operations.md names what there is, and all of ours", async () => {
  const page = readFileSync(resolve(folder, "../../docs/operations.md"), "utf8");
  const [, rest = ""] = page.split("\n| metric ");
  const [table = ""] = rest.split("\n\n", 1);
  const documented = Array.from(table.matchAll(/^\| `([a-z0-9_]+)`/gm), ([, name = ""]) => name);
  const told = new Set<string>();
  for (const url of Object.values(operationsUrls())) {
    for (const name of (await readMetrics(url)).names) told.add(name.replace(/_(?:bucket|count|sum)$/, ""));
  }
  const isTold = (name: string): boolean => told.has(name) || told.has(name.replace(/_count$/, ""));
  expect(documented.filter((name) => !isTold(name))).toEqual([]);
  expect([...told].filter((name) => name.startsWith("slotwright_") && !documented.includes(name))).toEqual([]);
});

const missing = ["promtool", "prometheus"].filter((name) => programPath(name) === undefined);
saySkipped(missing, "the alert rules are not tried, and no metrics are scraped");

describe.skipIf(missing.length > 0)("Prometheus", () => {
  test("takes the rules and the configuration", async () => {
    const { stdout } = await promisify(execFile)("promtool", ["check", "config", join(folder, "prometheus.yaml")]);
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  });

  test("raises the alerts when it should, and not before", async () => {
    const rules = join(import.meta.dirname, "alerts.promtool.yaml");
    const { stdout } = await promisify(execFile)("promtool", ["test", "rules", rules]);
    expect(stdout).toContain("SUCCESS");
  });

  describe("in front of a live pair", () => {
    let prometheus: Prometheus;
    beforeAll(async () => {
      prometheus = await startPrometheus(operationsUrls(), join(folder, "alerts.yaml"));
    });
    afterAll(() => prometheus.stop());

    test("scrapes all three", async () => {
      await expect.poll(() => prometheus.query("sum(up)"), { timeout: 60_000 }).toEqual([3]);
    });

    test("understands every question of rules and dashboard", async () => {
      for (const [where, expr = ""] of expressions) {
        await expect(prometheus.query(expr), where).resolves.toBeInstanceOf(Array);
      }
    });

    test("has an answer about bookings and refusals", async () => {
      await expect
        .poll(() => prometheus.query('sum(slotwright_events_total{kind="CONFIRMED"})'), { timeout: 60_000 })
        .toEqual([1]);
      expect(
        await prometheus.query('sum(slotwright_calls_refused_total{job="slotwright-booking",reason="SLOT_TAKEN"})'),
      ).toEqual([1]);
    });

    test("raises no alert for a pair that is well", async () => {
      expect(await prometheus.query('sum(ALERTS{alertstate="firing"})')).toEqual([]);
    });
  });
});
