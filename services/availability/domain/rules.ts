/** What can be booked of a host's open time. Booking keeps to it; here it is only kept and told. */

export interface Rules {
  /** Undefined: the host has never offered time, and none was set. */
  readonly slotDurationMinutes: number | undefined;
  readonly minimumNoticeMinutes: number;
  /** 0: no end. */
  readonly horizonDays: number;
  readonly bufferBeforeMinutes: number;
  readonly bufferAfterMinutes: number;
  readonly seats: number;
}

/** Of a host for whom no rule was ever set. */
export const NO_RULES: Rules = {
  slotDurationMinutes: undefined,
  minimumNoticeMinutes: 0,
  horizonDays: 0,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  seats: 1,
};

/**
 * What is asked to change. With `mask` the rules that it names, and one that is not given gets its default; without, those
 * that are given.
 */
export interface RulesUpdate {
  readonly given: { readonly [Rule in keyof Rules]?: number | undefined };
  readonly mask: readonly (keyof Rules)[] | undefined;
}

/** A host's rules after an update. */
export function updated(rules: Rules, { given, mask }: RulesUpdate): Rules {
  const named = mask ?? (Object.keys(given) as (keyof Rules)[]).filter((rule) => given[rule] !== undefined);
  return { ...rules, ...Object.fromEntries(named.map((rule) => [rule, given[rule] ?? NO_RULES[rule]])) };
}
