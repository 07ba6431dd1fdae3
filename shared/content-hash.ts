/** What a `request_id` stands for: a call that is sent again with it must have the same content. */

import { hash } from "node:crypto";

/**
 * SHA-256 of what is asked for: plain values, parsed, in a fixed order. An undefined one keeps its place (JSON makes it
 * null), so that what was left out is not taken for what follows it.
 */
export function contentHash(content: readonly (string | number | undefined)[]): Buffer {
  return hash("sha256", JSON.stringify(content), "buffer");
}
