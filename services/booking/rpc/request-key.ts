/** What makes a call that is sent again with its `request_id` one call. */

import { contentHash } from "../../../shared/content-hash.ts";
import type { RequestKey } from "../domain/command.ts";

/** `content`: all that was asked for, parsed, in a fixed order. Undefined for a call without a `request_id`. */
export function requestKey(
  method: string,
  requestId: string | undefined,
  content: readonly (string | number | undefined)[],
): RequestKey | undefined {
  if (requestId === undefined) return undefined;
  return { id: requestId, method, contentHash: contentHash(content).toString("hex") };
}
