/** What is measured of the lanes: how long commands wait, how many share a transaction, and what comes of it. */

import type { Meter } from "@opentelemetry/api";
import { monotonicMs } from "../../../shared/clock.ts";
import { inSeconds, seconds } from "../../../shared/telemetry/seconds.ts";
import type { BookingEvent } from "../domain/booking.ts";
import type { Pending } from "./pending.ts";

export interface LaneMeasures {
  /** A batch is taken from its queue. Measured once for all its commands: by the one that has waited longest. */
  taken(batch: readonly Pending[]): void;
  /** A transaction has ended, however. `lock`: as `runBatch` has it. */
  ended(lock: "try" | "wait", begunAt: number): void;
  /** Events that are stored. */
  stored(events: readonly BookingEvent[]): void;
  /** The answer to a COMMIT was lost, and this was found out about it. */
  commitLost(found: "committed" | "rolled back" | "nothing"): void;
  /** A constraint of the tables refused what the lock should have kept from it. */
  constraintHeld(): void;
  /** `read` tells how it is now. */
  watch(read: () => { readonly queued: number; readonly hostsApart: number }): void;
}

/** 256 is the most that a lane takes, unless it is set otherwise. */
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export function laneMeasures(meter: Meter): LaneMeasures {
  const wait = meter.createHistogram(
    "slotwright.lane.wait.duration",
    inSeconds("How long the first command of each batch waited on its lane"),
  );
  const size = meter.createHistogram("slotwright.batch.size", {
    unit: "{command}",
    description: "Commands of each batch",
    advice: { explicitBucketBoundaries: BATCH_SIZES },
  });
  const duration = meter.createHistogram(
    "slotwright.batch.duration",
    inSeconds("How long transactions of batches took; `lock` wait: those that waited for a host's lock"),
  );
  const events = meter.createCounter("slotwright.events", {
    description: "Changes of bookings that are stored, by kind",
  });
  const lost = meter.createCounter("slotwright.commits.lost", {
    description: "Commits whose answer was lost, by what was found out",
  });
  const held = meter.createCounter("slotwright.constraints.held", {
    description: "Commands that a constraint refused and the lock should have: a bug, or another program writes",
  });
  // Or the first of them would be no increase: a counter without a sample is not 0.
  held.add(0);
  for (const found of ["committed", "rolled back", "nothing"]) lost.add(0, { found });
  const queued = meter.createObservableGauge("slotwright.lane.queued", {
    unit: "{command}",
    description: "Commands that wait on the lanes",
  });
  const apart = meter.createObservableGauge("slotwright.lane.hosts_apart", {
    unit: "{host}",
    description: "Hosts that wait apart, because another transaction holds their lock",
  });
  return {
    taken(batch) {
      const [first] = batch;
      if (first === undefined) return;
      wait.record(seconds(monotonicMs() - first.since));
      size.record(batch.length);
    },
    ended: (lock, begunAt) => duration.record(seconds(monotonicMs() - begunAt), { lock }),
    stored(stored) {
      if (stored.length === 0) return;
      for (const [kind, { length }] of Map.groupBy(stored, (event) => event.kind)) events.add(length, { kind });
    },
    commitLost: (found) => lost.add(1, { found }),
    constraintHeld: () => held.add(1),
    watch(read) {
      queued.addCallback((result) => result.observe(read().queued));
      apart.addCallback((result) => result.observe(read().hostsApart));
    },
  };
}
