/** The shape of the tree (CONTRIBUTING.md): imports point one way, and some things are done in one place only. */

import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const project = resolve(import.meta.dirname, "../..");
const LINES_MAX = 250;
const MEDIAN_LINES_MAX = 60;

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
  /** Paths in the project for files of ours, names for packages. */
  readonly imports: readonly string[];
}

const sources = globSync(["services/**/*.ts", "shared/**/*.ts", "test/**/*.ts"], { cwd: project })
  .filter((path) => !path.startsWith("shared/gen/"))
  .map(read);
const services = sources.filter(({ path }) => /^services\/(availability|booking)\//.test(path) && !isTest(path));

function read(path: string): Source {
  const text = readFileSync(join(project, path), "utf8");
  const code = text.replaceAll(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  const found = code.matchAll(/^(?:(?:import|export)\b[^;"]*?\bfrom|import) "([^"]+)"/gm);
  const imports = Array.from(found, ([, name = ""]) => (name.startsWith(".") ? join(dirname(path), name) : name));
  return { path, text, code, imports };
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.startsWith("test/");
}

/** The rooms of a service, from the one that wires to the one that knows nothing. Those of one line may use each other. */
const floors: readonly (readonly string[])[] = [
  ["main.ts"],
  ["service.ts", "config.ts"],
  ["rpc"],
  ["scheduling"],
  ["lanes", "feed", "peers"],
  ["storage"],
  ["domain"],
];

function room(path: string): string {
  return path.split("/")[2] ?? "";
}

function floorOf(path: string): number {
  return floors.findIndex((rooms) => rooms.includes(room(path)));
}

/** Files, each with what it imports against a rule. */
function against(files: readonly Source[], forbidden: (source: Source, imported: string) => boolean): string[] {
  return files.flatMap((source) =>
    source.imports.filter((imported) => forbidden(source, imported)).map((imported) => `${source.path} -> ${imported}`),
  );
}

test("a service's rooms import downwards only", () => {
  expect(services.map(({ path }) => path).filter((path) => floorOf(path) < 0)).toEqual([]);
  const upwards = against(
    services,
    (source, imported) => imported.startsWith("services/") && floorOf(imported) < floorOf(source.path),
  );
  expect(upwards).toEqual([]);
});

test("a service never imports another one", () => {
  const across = against(services, (source, imported) => {
    const [, own = ""] = source.path.split("/");
    return imported.startsWith("services/") && !imported.startsWith(`services/${own}/`);
  });
  expect(across).toEqual([]);
});

test("the gateway knows the services by their contracts only, and keeps nothing", () => {
  const gateway = sources.filter(({ path }) => path.startsWith("services/gateway/"));
  expect(gateway.length).toBeGreaterThan(0);
  const beyond = against(gateway, (_, imported) => {
    const isForeign = imported.startsWith("services/") && !imported.startsWith("services/gateway/");
    const isOfServices = imported.startsWith("shared/postgres/") || imported === "shared/service/serve.ts";
    return isForeign || isOfServices || /^(pg|kysely|@mikro-orm\/.*)$/.test(imported);
  });
  expect(beyond).toEqual([]);
});

test("what the services share knows no service", () => {
  const shared = sources.filter(({ path }) => path.startsWith("shared/") && !isTest(path));
  expect(against(shared, (_, imported) => imported.startsWith("services/"))).toEqual([]);
});

test("the gRPC and the Connect side know nothing of each other, and only `serve.ts` knows both", () => {
  const sides = ["shared/rpc/grpc/", "shared/rpc/connect/"];
  const sideOf = (path: string): string | undefined => sides.find((side) => path.startsWith(side));
  const files = sources.filter(({ path }) => !isTest(path));
  expect(sides.map((side) => files.some(({ path }) => path.startsWith(side)))).toEqual([true, true]);
  const doors = against(files, (source, imported) => {
    const side = sideOf(imported);
    return side !== undefined && side !== sideOf(source.path);
  });
  expect(doors).toEqual([
    "shared/service/serve.ts -> shared/rpc/connect/listener.ts",
    "shared/service/serve.ts -> shared/rpc/grpc/listener.ts",
  ]);
});

test("what reads requests and what they go through know no listener", () => {
  const listeners = /^shared\/rpc\/(?:grpc|connect)\//;
  const wire = /^shared\/rpc\/(?:grpc|connect|wire)\//;
  const inside = (folder: string): Source[] =>
    sources.filter(({ path }) => path.startsWith(`shared/rpc/${folder}/`) && !isTest(path));
  expect(inside("request").length * inside("call").length).toBeGreaterThan(0);
  expect(against(inside("request"), (_, imported) => wire.test(imported))).toEqual([]);
  expect(against([...inside("call"), ...inside("standard")], (_, imported) => listeners.test(imported))).toEqual([]);
});

test("no folder needs another that needs it", () => {
  const needs = new Map<string, Set<string>>();
  for (const { path, imports } of sources.filter((source) => !isTest(source.path))) {
    const folder = dirname(path);
    const others = imports.filter((imported) => imported.endsWith(".ts")).map((imported) => dirname(imported));
    needs.set(folder, new Set([...(needs.get(folder) ?? []), ...others.filter((other) => other !== folder)]));
  }
  expect(needs.get("shared/rpc/call")).toContain("shared/auth");
  expect(needs.get("services/gateway/http")).toContain("services/gateway/upstream");
  const circles = [...needs.keys()].filter((folder) => reachable(folder, needs).has(folder));
  expect(circles).toEqual([]);
});

test("Booking knows no local time", () => {
  const needs = new Map(sources.map(({ path, imports }) => [path, new Set(imports)]));
  const knowsZones = (path: string): boolean => /\blocal-time\.ts$/.test(path);
  const reached = (service: string): string[] =>
    [...reachable(`services/${service}/main.ts`, needs)].filter(knowsZones);
  expect(reached("gateway")).toContain("shared/rpc/request/local-time.ts");
  expect(reached("booking")).toEqual([]);
});

test("no two files need each other, not even by their types", () => {
  const needs = new Map(sources.map(({ path, imports }) => [path, new Set(imports)]));
  expect([...needs.keys()].filter((path) => reachable(path, needs).has(path))).toEqual([]);
});

/** Where the ways from `from` lead to. */
function reachable(from: string, needs: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set(needs.get(from));
  // A set that grows while it is iterated: the loop visits what it adds.
  for (const each of found) for (const next of needs.get(each) ?? []) found.add(next);
  return found;
}

test("the domain is pure: no contract, no package, no I/O, no clock", () => {
  const domain = services.filter(({ path }) => room(path) === "domain");
  expect(domain.length).toBeGreaterThan(0);
  expect(against(domain, (source, imported) => !isPure(source, imported))).toEqual([]);
  const clock = /\bDate\.now\b|\bperformance\b|\bnew Date\(\)/;
  expect(domain.filter(({ code }) => clock.test(code)).map(({ path }) => path)).toEqual([]);
});

test("Booking sees instants: it knows no time zone, no day of the week and no hours of a host", () => {
  const booking = sources.filter(({ path }) => path.startsWith("services/booking/"));
  const localTime =
    /\b(?:Temporal|Intl|timeZone\w*|time_zone\w*|weekday\w*|\w*WeeklyHours\w*|at time zone)\b|\.(?:get(?:Day|Hours|Date|Month|FullYear|TimezoneOffset)|toLocale\w*)\(/i;
  const knowing = booking.filter(({ code }) => localTime.test(code)).map(({ path }) => path);
  expect(knowing).toEqual([]);
});

/** Files of the domain itself, and the shared ones that are pure too. */
function isPure(source: Source, imported: string): boolean {
  const pure = ["interval.ts", "time-units.ts", "errors.ts", "limits.ts", "request-key.ts", "email-domain.ts"].map(
    (name) => `shared/${name}`,
  );
  return pure.includes(imported) || imported.startsWith(`${source.path.split("/").slice(0, 3).join("/")}/`);
}

test("a repeated field is taken by `list` only, which counts before it looks", () => {
  const collections = /\bz\.(?:array|map|record|set|tuple)\(/;
  const edge = sources.filter(({ path }) => /^(?:services\/\w+|shared)\/rpc\//.test(path) && !isTest(path));
  expect(edge.filter(({ code }) => collections.test(code)).map(({ path }) => path)).toEqual([
    "shared/rpc/request/parse.ts",
  ]);
  expect(sources.find(({ path }) => path === "shared/rpc/request/parse.ts")?.code.match(/\bz\.array\(/g)).toHaveLength(
    1,
  );
});

test("every package that we depend on directly is used", () => {
  const { dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as Manifest;
  // It is empty by its authors' wish, and the project's owner asked for it.
  const unimported = new Set(["mikro-orm"]);
  const code = sources.filter(({ path }) => !isTest(path)).map((source) => source.code);
  const unused = Object.keys(dependencies)
    .filter((name) => !unimported.has(name))
    .filter((name) => !code.some((text) => text.includes(`"${name}"`) || text.includes(`"${name}/`)));
  expect(unused).toEqual([]);
});

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

test("only main.ts reads the process", () => {
  const reads = sources
    .filter(({ path }) => !isTest(path) && !path.endsWith("/main.ts"))
    // A function may get it as an argument, from main.ts; sending a signal reads nothing, and who we are or what we use is no setting.
    .filter(({ code }) => /(?<!")\bprocess\./.test(code) && !/\bprocess: NodeJS\.Process\b/.test(code))
    .map(({ path }) => path);
  expect(reads).toEqual([]);
  const imported = against(
    sources.filter(({ path }) => !isTest(path) && !path.endsWith("/main.ts")),
    (source, name) =>
      name === "node:process" &&
      !/import \{ (?:kill|getegid, geteuid|cpuUsage, memoryUsage, uptime) \} from "node:process"/.test(source.code),
  );
  expect(imported).toEqual([]);
});

function lineCount({ text }: Source): number {
  return text.trimEnd().split("\n").length;
}

test(`no file is longer than ${LINES_MAX} lines`, () => {
  expect(sources.filter((source) => lineCount(source) > LINES_MAX).map(({ path }) => path)).toEqual([]);
});

test(`half of the source files are shorter than ${MEDIAN_LINES_MAX} lines`, () => {
  const counts = sources.filter(({ path }) => !isTest(path)).map(lineCount);
  const short = counts.filter((count) => count < MEDIAN_LINES_MAX);
  expect(short.length).toBeGreaterThan(counts.length / 2);
});

test("nothing is left for later", () => {
  expect(sources.filter(({ text }) => /\b(TO[D]O|FIX[M]E|X[X]X)\b/.test(text)).map(({ path }) => path)).toEqual([]);
});
