/** Readers of streams who have stopped reading: what is unsent, and the call behind it, would be kept as long as they like. */

import type { ServerResponse } from "node:http";
import { CLOSE_GRACE_MS } from "../../../shared/rpc/wire/limits.ts";

/** How long a stream may go without a byte. Services say something every 15 s, so it is the reader who has stopped. */
export const STALLED_AFTER_MS = 60_000;

/** Ends the connection when the client takes nothing for this long; and, once `ended` aborts, when it does not take the last words. */
export function endWhenStalled(response: ServerResponse, ended: AbortSignal, afterMs: number): void {
  const end = (): void => void response.destroy();
  response.setTimeout(afterMs, end);
  const lastWords = (): void => {
    const timer = setTimeout(end, CLOSE_GRACE_MS);
    response.once("close", () => clearTimeout(timer));
  };
  ended.addEventListener("abort", lastWords, { once: true });
}
