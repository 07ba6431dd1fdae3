import { contains, hull, type Interval, meets } from "../../../shared/interval.ts";

/** What adding a range does to the stored intervals. */
export type Addition<Stored extends Interval> =
  /** A stored interval holds the range already: nothing changes. */
  | { readonly kept: Stored }
  /** `merged` takes the place of all that it overlaps or touches. */
  | { readonly merged: Interval; readonly replaced: readonly Stored[] };

/**
 * Decides how a range is added to the intervals of a host, of which only those that meet the range need to be given.
 *
 * One step is enough: stored intervals never touch each other, so what meets the merged interval already met the range.
 */
export function addition<Stored extends Interval>(stored: readonly Stored[], range: Interval): Addition<Stored> {
  const kept = stored.find((each) => contains(each, range));
  if (kept !== undefined) return { kept };
  const replaced = stored.filter((each) => meets(each, range));
  return { merged: replaced.reduce<Interval>((all, each) => hull([all, each]), range), replaced };
}
