/** What a time zone's clocks show, by the data that the services derive open time with: those of Node.js. */

import type { Instant, Interval } from "../../../shared/interval.ts";

/** From `from` until `until` the zone's clocks are `offsetMs` ahead of UTC. */
export interface Offset {
  readonly from: Instant;
  readonly until: Instant;
  readonly offsetMs: number;
}

/** The offsets of a zone in a span, one after another, without a gap; undefined: the zone is not known. */
export type OffsetsOf = (timeZone: string, span: Interval) => readonly Offset[] | undefined;

export function nodeOffsets(timeZone: string, { start, end }: Interval): readonly Offset[] | undefined {
  let clock = clockOf(timeZone, start);
  if (clock === undefined) return undefined;
  const offsets: Offset[] = [];
  for (let from = start; from < end;) {
    const next: Temporal.ZonedDateTime | null = clock.getTimeZoneTransition("next");
    const until = Math.min(next?.epochMilliseconds ?? Infinity, end);
    offsets.push({ from, until, offsetMs: clock.offsetNanoseconds / 1e6 });
    from = until;
    clock = next ?? clock;
  }
  return offsets;
}

function clockOf(timeZone: string, instant: Instant): Temporal.ZonedDateTime | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The offsets of several zones as columns for SQL: zone, from, until and offset in milliseconds; and the zones without any. */
export function offsetsIn(
  span: Interval,
  timeZones: readonly string[],
  offsetsOf: OffsetsOf,
): { readonly columns: readonly (readonly unknown[])[]; readonly unknownZones: readonly string[] } {
  const zones = timeZones.map((zone) => ({ zone, offsets: offsetsOf(zone, span) }));
  const rows = zones.flatMap(({ zone, offsets = [] }) => offsets.map((offset) => ({ zone, ...offset })));
  return {
    columns: [
      rows.map(({ zone }) => zone),
      rows.map(({ from }) => from),
      rows.map(({ until }) => until),
      rows.map(({ offsetMs }) => offsetMs),
    ],
    unknownZones: zones.filter(({ offsets }) => offsets === undefined).map(({ zone }) => zone),
  };
}
