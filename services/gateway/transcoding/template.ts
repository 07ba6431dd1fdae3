/** Path templates, as the comments of google/api/http.proto define them. */

export type Segment = { readonly literal: string } | "*" | "**";

/** The part of a path that becomes a field: the segments from `first` up to, not including, `end`. */
export interface Variable {
  /** Names of fields, as they stand in the contract. */
  readonly fieldPath: readonly string[];
  readonly first: number;
  readonly end: number;
}

export interface Template {
  readonly segments: readonly Segment[];
  readonly variables: readonly Variable[];
  /** What stands behind the last colon, such as `cancel`. */
  readonly verb: string | undefined;
}

const IDENT = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Throws an Error that quotes the template if it is not one: a mistake in a contract, to be found at start. */
export function parseTemplate(text: string): Template {
  const [, path, verb] = /^\/(.*?)(?::([^:/{}*]+))?$/.exec(text) ?? [];
  if (path === undefined) throw malformed(text, "it does not begin with a slash");
  const segments: Segment[] = [];
  const variables: Variable[] = [];
  for (const piece of piecesOf(path)) {
    const [, fieldPath, inner] = /^\{([^{}=]*)(?:=([^{}]*))?\}$/.exec(piece) ?? [];
    if (fieldPath === undefined) {
      segments.push(segmentOf(piece, text));
      continue;
    }
    const names = fieldPath.split(".");
    if (!names.every((name) => IDENT.test(name))) throw malformed(text, `"${fieldPath}" is not a field path`);
    const first = segments.length;
    for (const part of (inner ?? "*").split("/")) segments.push(segmentOf(part, text));
    variables.push({ fieldPath: names, first, end: segments.length });
  }
  if (segments.slice(0, -1).includes("**")) throw malformed(text, "** is not its last segment");
  return { segments, variables, verb };
}

/** Splits at slashes, except at those inside of braces. */
function piecesOf(path: string): string[] {
  return path.split(/\/(?![^{]*\})/);
}

function segmentOf(piece: string, template: string): Segment {
  if (piece === "*" || piece === "**") return piece;
  if (piece === "" || /[{}*=:]/.test(piece)) throw malformed(template, `"${piece}" is not a segment`);
  return { literal: decodeURIComponent(piece) };
}

function malformed(template: string, reason: string): Error {
  return new Error(`the path template ${template} is malformed: ${reason}`);
}
