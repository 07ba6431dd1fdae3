/** All ways in: from an HTTP method and a path to the RPC. */

import type { Binding } from "./binding.ts";
import { match, requestPath } from "./match.ts";
import type { Segment } from "./template.ts";

/** What a path leads to: an RPC; other HTTP methods only (HEAD by way of GET); nothing; or it is not a path at all. */
export type Found =
  | { readonly binding: Binding; readonly texts: readonly string[] }
  | { readonly allowed: readonly string[] }
  | "nothing"
  | "malformed";

export interface RouteTable {
  /** `path` is as it came, percent-encoded, without a query. */
  find(httpMethod: string, path: string): Found;
}

/** Where several templates match a path, the one that says more about it wins: a literal before `*` before `**`. */
export function routeTable(bindings: readonly Binding[]): RouteTable {
  const ordered = bindings.toSorted(bySpecificity);
  const verbs = new Set(bindings.flatMap(({ template }) => template.verb ?? []));
  return {
    find(httpMethod, path) {
      const given = requestPath(path, verbs);
      if (given === undefined) return "malformed";
      const allowed = new Set<string>();
      for (const binding of ordered) {
        const texts = match(binding.template, given);
        if (texts === undefined) continue;
        if (binding.httpMethod === httpMethod || binding.httpMethod === "*") return { binding, texts };
        allowed.add(binding.httpMethod);
        if (binding.httpMethod === "GET" && binding.method.methodKind === "unary") allowed.add("HEAD");
      }
      return allowed.size > 0 ? { allowed: [...allowed].toSorted() } : "nothing";
    },
  };
}

function bySpecificity(one: Binding, other: Binding): number {
  const [a, b] = [one.template.segments, other.template.segments];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = vagueness(a[index]) - vagueness(b[index]);
    if (difference !== 0) return difference;
  }
  return b.length - a.length;
}

function vagueness(segment: Segment | undefined): number {
  return typeof segment === "string" ? segment.length : 0;
}
