/** What the pages say about the tree is so: paths, links, names of functions and tests, settings. */

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { availabilityVariables } from "../../services/availability/config.ts";
import { bookingVariables } from "../../services/booking/config.ts";
import { linkedFiles } from "../support/documented.ts";

const project = resolve(import.meta.dirname, "../..");
/** From the wire to the row. */
const WALK_FILES_MAX = 16;

const paths = globSync(["*.md", "docs/*.md", "docs/*.pml"], { cwd: project });
const pages = paths.map((path) => ({ path, text: readFileSync(join(project, path), "utf8") }));

function page(path: string): string {
  return readFileSync(join(project, path), "utf8");
}

/** Paths of the project in backticks. `*` and `<name>` stand for any name, as in `services/<service>/storage/`. */
function namedPaths(text: string): string[] {
  const named = text.matchAll(/`((?:docker|docs|proto|services|shared|test|\.ci)\/[\w./*<>-]*)`/g);
  return Array.from(named, ([, path = ""]) => path.replaceAll(/<[\w-]+>/g, "*"));
}

describe.each(pages)("$path", ({ path, text }) => {
  test("links to what there is", () => {
    const lost = linkedFiles(text).filter((target) => !existsSync(resolve(project, dirname(path), target)));
    expect(lost).toEqual([]);
  });

  test("names files that there are", () => {
    expect(namedPaths(text).filter((named) => globSync(named, { cwd: project }).length === 0)).toEqual([]);
  });
});

test.each([
  ["README.md", ["docker", "docs", "proto", "services/*", "shared", "test"]],
  ["CONTRIBUTING.md", ["docker", "proto", "services/*", "shared/*", "shared/rpc/*", "test/*"]],
])("%s says what is in every folder", (path, patterns) => {
  const folders = globSync(patterns, { cwd: project, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(project, join(entry.parentPath, entry.name)));
  expect(folders).toContain("services/ops");
  const table = page(path)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .join("\n");
  expect(folders.filter((folder) => !table.includes(`${folder}/`))).toEqual([]);
});

describe("docs/architecture.md", () => {
  const walks = page("docs/architecture.md")
    .split(/^#+ /m)
    .filter((section) => section.startsWith("The walk of "))
    .map((section) => ({
      name: section.split("\n", 1)[0],
      files: Array.from(section.matchAll(/^ *\d+\. `([^`]+)`/gm), ([, path = ""]) => path),
    }));

  test("has the walks of CreateBooking and POST /availability", () => {
    expect(walks.map(({ name }) => name)).toEqual(["The walk of CreateBooking", "The walk of POST /availability"]);
  });

  test.each(walks)("$name is short, names no file twice, and each of its files is there", ({ files }) => {
    expect(files.length).toBeGreaterThan(WALK_FILES_MAX / 2);
    expect(files.length).toBeLessThanOrEqual(WALK_FILES_MAX);
    expect(new Set(files).size).toBe(files.length);
    expect(files.filter((path) => !existsSync(join(project, path)))).toEqual([]);
  });
});

describe("docs/guarantees.md", () => {
  const guarantees = page("docs/guarantees.md");

  test("has the guarantees of README.md", () => {
    const promised = Array.from(page("README.md").matchAll(/^(\d+\. .*)\.$/gm), ([, line]) => line);
    expect(promised).toHaveLength(14);
    const held = Array.from(guarantees.matchAll(/^## (.*)$/gm), ([, line]) => line);
    expect(held).toEqual(promised);
  });

  test("names functions that are where it says", () => {
    const named = [...guarantees.matchAll(/`(\w+)`\s+in\s+\[[^\]]*\]\(([^)]+)\)/g)];
    expect(named.length).toBeGreaterThanOrEqual(12);
    const isIn = (name: string, path: string): boolean =>
      new RegExp(`\\b(?:function\\*?|const) ${name}\\b|^  ${name}\\(`, "m").test(page(join("docs", path)));
    const lost = named.filter(([, name = "", path = ""]) => !isIn(name, path));
    expect(lost.map(([text]) => text)).toEqual([]);
  });

  test("quotes tests that there are", () => {
    const tests = new Map(
      linkedFiles(guarantees)
        .filter((target) => target.endsWith(".test.ts"))
        .map((target) => [target, page(join("docs", target))]),
    );
    const quoted = Array.from(guarantees.matchAll(/"([^"]+)"/g), ([, title = ""]) => title.replaceAll(/\s+/g, " "));
    expect(quoted.length).toBeGreaterThanOrEqual(12);
    expect(quoted.filter((title) => ![...tests.values()].some((text) => text.includes(title)))).toEqual([]);
  });
});

describe("docs/operations.md", () => {
  test.each([
    ["availability", 0, availabilityVariables],
    ["booking", 1, bookingVariables],
  ] as const)("has every variable of %s, with its default", (_service, column, variables) => {
    const rows = [...page("docs/operations.md").matchAll(/^\| `([A-Z_]+)` +\| ([^|]*) \| ([^|]*) \|/gm)];
    const told = rows.map(([, name, ...cells]) => [name, (cells[column] ?? "").replaceAll("`", "").trim()] as const);
    const known = Object.entries(variables.shape).map(([name, setting]) => {
      const standard = setting.safeParse(undefined);
      return [name, standard.success ? String(standard.data ?? "unset") : "required"] as const;
    });
    expect(Object.fromEntries(told.filter(([, standard]) => standard !== ""))).toEqual(Object.fromEntries(known));
  });
});
