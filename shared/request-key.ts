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

/**
 * `content`: all that was asked for, parsed, in a fixed order. An undefined value keeps its place (JSON makes it null), so
 * that what was left out is not taken for what follows it. Undefined for a call without a `request_id`.
 */
export function requestKey(
  method: string,
  requestId: string | undefined,
  content: readonly (string | number | boolean | undefined)[],
): RequestKey | undefined {
  if (requestId === undefined) return undefined;
  return { id: requestId, method, contentHash: hash("sha256", JSON.stringify(content), "hex") };
}

/** Whether two keys of one id stand for the same request. */
export function isSameRequest(a: RequestKey, b: RequestKey): boolean {
  return a.method === b.method && a.contentHash === b.contentHash;
}
