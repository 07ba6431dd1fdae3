import { Refusal } from "../../../shared/errors.ts";
import { readNow } from "../../../shared/postgres/now.ts";
import { type Period, periodsFrom } from "../domain/weekly-hours.ts";
import type { HostTransaction } from "../storage/change-host.ts";
import { hasOpenings } from "../storage/exceptions.ts";
import { type Run, writeSlotDuration } from "../storage/hosts.ts";

/**
 * Makes a slot duration the host's. Throws Refusal SLOT_DURATION_MISMATCH if the host has another one, and openings or weekly
 * hours (`periods`, of those that stay) with it.
 */
export async function adoptSlotDuration(
  { run, host }: HostTransaction,
  periods: readonly Period[],
  asked: number,
): Promise<void> {
  const stored = host.rules.slotDurationMinutes;
  if (stored === asked) return;
  if (stored !== undefined && ((await hasHours(run, periods)) || (await hasOpenings(run, host.id)))) {
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

/** Whether hours need their slots: those that are over do not. */
async function hasHours(run: Run, periods: readonly Period[]): Promise<boolean> {
  return periodsFrom(periods, await readNow(run)).some(({ ranges }) => ranges.length > 0);
}
