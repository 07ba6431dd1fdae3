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

/** Offsets of several zones, each by its name, as columns for SQL. Zones that are not known have none. */
export interface OffsetColumns {
  readonly zones: readonly string[];
  readonly from: readonly Instant[];
  readonly until: readonly Instant[];
  readonly offsetMs: readonly number[];
}

export function offsetColumns(offsetsOf: OffsetsOf, timeZones: readonly string[], span: Interval): OffsetColumns {
  const rows = timeZones.flatMap((zone) => (offsetsOf(zone, span) ?? []).map((offset) => ({ zone, ...offset })));
  return {
    zones: rows.map(({ zone }) => zone),
    from: rows.map(({ from }) => from),
    until: rows.map(({ until }) => until),
    offsetMs: rows.map(({ offsetMs }) => offsetMs),
  };
}
