import type { Meter } from "@opentelemetry/api";
import { inSeconds, seconds } from "../../../shared/telemetry/seconds.ts";

/** Measures how long changes waited until they had their host's lock: for their turn, a permit, a connection and the lock. */
export function measureLockWaits(meter: Meter): (waitedMs: number) => void {
  const duration = meter.createHistogram(
    "slotwright.host_lock.wait.duration",
    inSeconds("How long changes of availability waited until they had their host's lock"),
  );
  return (waitedMs) => duration.record(seconds(waitedMs));
}
