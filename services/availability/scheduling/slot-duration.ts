import { Refusal } from "../../../shared/errors.ts";
import type { HostTransaction } from "../storage/change-host.ts";
import { hasOpenings } from "../storage/exceptions.ts";
import { writeSlotDuration } from "../storage/hosts.ts";
import type { Period } from "../domain/weekly-hours.ts";

/**
 * Makes a slot duration the host's. Throws Refusal SLOT_DURATION_MISMATCH if the host has another one, and openings or weekly
 * hours (`periods`, of those that stay) with it.
 */
export async function adoptSlotDuration(
  { run, host }: HostTransaction,
  periods: readonly Period[],
  asked: number,
): Promise<void> {
  const stored = host.slotDurationMinutes;
  if (stored === asked) return;
  const isInUse = periods.some(({ ranges }) => ranges.length > 0) || (await hasOpenings(run, host.id));
  if (stored !== undefined && isInUse) {
    throw new Refusal("SLOT_DURATION_MISMATCH", `the host's slots take ${stored} minutes, not ${asked}`, {
      preconditions: [
        {
          type: "SLOT_DURATION",
          subject: "slot_duration_minutes",
          description: `the host's availability has ${stored}`,
        },
      ],
      metadata: { slot_duration_minutes: String(stored) },
    });
  }
  await writeSlotDuration(run, host.id, asked);
}
