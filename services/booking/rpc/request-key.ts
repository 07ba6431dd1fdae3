/** What makes a call that is sent again with its `request_id` one call. */

import { createHash } from "node:crypto";
import type { RequestKey } from "../domain/command.ts";

/** `content`: all that was asked for, parsed, in a fixed order. Undefined for a call without a `request_id`. */
export function requestKey(
  method: string,
  requestId: string | undefined,
  content: readonly (string | number | undefined)[],
): RequestKey | undefined {
  if (requestId === undefined) return undefined;
  // An undefined member becomes null, so that what was left out keeps its place.
  const contentHash = createHash("sha256").update(JSON.stringify(content)).digest("hex");
  return { id: requestId, method, contentHash };
}
