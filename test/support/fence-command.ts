import type { FenceCommand } from "../../services/booking/domain/command.ts";
import type { Interval } from "../../shared/interval.ts";

/** A fence that asks for no more than what is in its ranges, and lists as much as callers usually get. */
export function fenceCommand(
  hostId: string,
  ranges: readonly Interval[] = [],
  change: Partial<FenceCommand> = {},
): FenceCommand {
  return {
    kind: "fence",
    hostId,
    actor: "tester",
    ranges,
    findLastBooking: false,
    maxBookings: 20,
    after: undefined,
    ...change,
  };
}
