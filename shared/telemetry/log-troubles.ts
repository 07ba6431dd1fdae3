/**
 * What OpenTelemetry's SDK says of itself: that a collector does not answer, that spans were dropped. It goes into our log, as
 * one line now and then. (The SDK has one such logger in a process. The last service that is opened there gets it all.)
 */

import { diag, DiagLogLevel } from "@opentelemetry/api";
import type { Logger } from "pino";
import { monotonicMs } from "../clock.ts";
import { MINUTE_MS } from "../time-units.ts";

/** A collector that is away fails once a second or so. */
const TOLD_EVERY_MS = MINUTE_MS;
const TEXT_MAX_LENGTH = 300;

export function logTroubles(log: Logger): void {
  let toldAt = -Infinity;
  let unsaid = 0;
  const tell = (said: string): void => {
    const now = monotonicMs();
    if (now - toldAt < TOLD_EVERY_MS) {
      unsaid += 1;
      return;
    }
    log.warn({ said: textOf(said), unsaid }, "traces or metrics could not be sent");
    toldAt = now;
    unsaid = 0;
  };
  const nothing = (): void => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** The SDK writes an error as JSON, with its stack, of which an operator can do nothing with. */
function textOf(said: string): string {
  let text = said;
  try {
    const { message, code } = JSON.parse(said) as { readonly message?: unknown; readonly code?: unknown };
    text = [message, code].filter((part) => typeof part === "string" && part !== "").join(" ") || said;
  } catch {
    // It is no JSON.
  }
  return text.slice(0, TEXT_MAX_LENGTH);
}
