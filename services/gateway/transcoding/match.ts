import type { Segment, Template, Variable } from "./template.ts";

/** A path as it stands in a request: cut into segments, still percent-encoded, its verb taken off. */
export interface RequestPath {
  readonly segments: readonly string[];
  readonly verb: string | undefined;
}

/** Encoded too: to RFC 3986 that is another path, but clients encode whole segments, and mean the verb. */
const LAST_COLON = /^(.*)(?::|%3a)(.*)$/i;

/**
 * The path without its query, cut up. Only what stands in `verbs` is a verb: the colon may be part of a value. Undefined if
 * it is not a path, or not percent-encoded UTF-8.
 */
export function requestPath(path: string, verbs: ReadonlySet<string>): RequestPath | undefined {
  if (!path.startsWith("/") || !isDecodable(path)) return undefined;
  const segments = path.slice(1).split("/");
  const last = segments.at(-1) ?? "";
  const [, value = "", encoded] = LAST_COLON.exec(last) ?? [];
  const verb = encoded === undefined ? undefined : decodeURIComponent(encoded);
  if (verb === undefined || !verbs.has(verb)) return { segments, verb: undefined };
  return { segments: [...segments.slice(0, -1), value], verb };
}

/** The texts of the template's variables in their order, or undefined if the path does not match. */
export function match(template: Template, path: RequestPath): string[] | undefined {
  if (template.verb !== path.verb) return undefined;
  const { segments } = template;
  const isOpen = segments.at(-1) === "**";
  const fixed = isOpen ? segments.length - 1 : segments.length;
  if (isOpen ? path.segments.length < fixed : path.segments.length !== fixed) return undefined;
  // An empty segment is a slash too many, not a value that is empty.
  if (!path.segments.every((given, index) => given !== "" && matches(segments[index] ?? "**", given))) return undefined;
  return template.variables.map((variable) => textOf(variable, segments, path.segments));
}

function matches(segment: Segment, given: string): boolean {
  return typeof segment === "string" || segment.literal === decodeURIComponent(given);
}

function textOf(variable: Variable, segments: readonly Segment[], given: readonly string[]): string {
  const isOpen = segments[variable.end - 1] === "**";
  const parts = given.slice(variable.first, isOpen ? undefined : variable.end);
  if (variable.end - variable.first === 1 && !isOpen) return decodeURIComponent(parts[0] ?? "");
  // In a variable of several segments an encoded slash stays encoded: decoded, it would look like one between segments.
  return parts
    .map((part) =>
      part
        .split(/(%2f)/i)
        .map((piece) => (/^%2f$/i.test(piece) ? piece : decodeURIComponent(piece)))
        .join(""),
    )
    .join("/");
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
