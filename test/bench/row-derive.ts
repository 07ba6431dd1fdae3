/** What it costs to derive a year of open time, and beside that to read as many stored intervals. No call is made. */

import type { DeriveQuestion } from "./derive.ts";
import type { Measured } from "./drive.ts";
import { withCpu } from "./measure.ts";
import type { Measure } from "./row-loads.ts";
import type { Stage } from "./stage.ts";

/** The CPU time is that of a process of its own, and stands in the column of the load. */
export function derivations(stage: Stage, from: DeriveQuestion["from"]): Measure {
  return async (durationMs) => {
    const question: DeriveQuestion = { from, durationMs };
    const measured = await withCpu(stage, stage.booking, stage.derive, () => stage.derive.ask<Measured>(question));
    const { calls, statuses } = measured;
    if (statuses["open"] !== calls) throw new Error(`derivations ended with ${JSON.stringify(statuses)}`);
    return measured;
  };
}
