/** What makes a call that is sent again with its `request_id` one call. */

import { hash } from "node:crypto";

/** A `request_id` and what it stands for: the same id with another method or content is another request. */
export interface RequestKey {
  /** UUID of the caller's choice. */
  readonly id: string;
  readonly method: string;
  /** SHA-256 of what was asked for, in hexadecimal. */
  readonly contentHash: string;
  /**
   * The same without what people say about a booking, of which nothing is kept once its guest is erased: not even a hash, which could
   * be guessed. Undefined where the request says nothing.
   */
  readonly unsaidHash?: string | undefined;
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
 *
 * `said`: the like, of what people say about a booking.
 */
export function requestKey(
  method: string,
  requestId: string | undefined,
  content: readonly Asked[],
  added: Readonly<Record<string, Added>> = {},
  said: Readonly<Record<string, Added>> = {},
): RequestKey | undefined {
  if (requestId === undefined) return undefined;
  const key = { id: requestId, method, contentHash: hashOf(content, { ...added, ...said }) };
  if (!Object.values(said).some(isSet)) return key;
  // That something was said is kept: a request that says nothing is another one.
  return { ...key, unsaidHash: hashOf(content, { ...added, isSaying: true }) };
}

function hashOf(content: readonly Asked[], added: Readonly<Record<string, Added>>): string {
  const set = Object.entries(added).filter(([, value]) => isSet(value));
  const all = set.length === 0 ? content : [...content, Object.fromEntries(set)];
  return hash("sha256", JSON.stringify(all, sorted), "hex");
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

/** Whether a request that is asked for is the one of this id that is remembered, perhaps without what it said. */
export function isSameRequest(remembered: RequestKey, asked: RequestKey): boolean {
  const { method, contentHash } = remembered;
  return method === asked.method && (contentHash === asked.contentHash || contentHash === asked.unsaidHash);
}
