/** What makes a call that is sent again with its `request_id` one call. */

import { hash } from "node:crypto";

/** A `request_id` and what it stands for: the same id with another method or content is another request. */
export interface RequestKey {
  /** UUID of the caller's choice. */
  readonly id: string;
  readonly method: string;
  /** SHA-256 of what was asked for, in hexadecimal. */
  readonly contentHash: string;
}

type Asked = string | number | boolean | undefined;
/** A value of a field that was added, or a map of texts. */
type Added = Asked | Readonly<Record<string, string>>;

/**
 * `content`: all that was asked for, parsed, in a fixed order. An undefined value keeps its place (JSON makes it null), so
 * that what was left out is not taken for what follows it. Undefined for a call without a `request_id`.
 *
 * `added`: what a later version of the contract has added, by name. A field that is not set, as the contract has it (empty, 0,
 * false), is as if there were no such field: so a request that was carried out before the field was there still is the same
 * request.
 */
export function requestKey(
  method: string,
  requestId: string | undefined,
  content: readonly Asked[],
  added: Readonly<Record<string, Added>> = {},
): RequestKey | undefined {
  if (requestId === undefined) return undefined;
  const set = Object.entries(added).filter(([, value]) => isSet(value));
  const all = set.length === 0 ? content : [...content, Object.fromEntries(set)];
  return { id: requestId, method, contentHash: hash("sha256", JSON.stringify(all, sorted), "hex") };
}

function isSet(value: Added): boolean {
  return typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** The same map has the same text in whatever order it was sent. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(byName));
}

/** Whether two keys of one id stand for the same request. */
export function isSameRequest(a: RequestKey, b: RequestKey): boolean {
  return a.method === b.method && a.contentHash === b.contentHash;
}
