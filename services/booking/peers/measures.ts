import type { Meter } from "@opentelemetry/api";
import { inSeconds, seconds } from "../../../shared/telemetry/seconds.ts";

export interface CalendarMeasures {
  /** A remembered calendar of this age was used. */
  used(ageMs: number): void;
  /** Availability had to be asked, or the caller joined an ask. */
  asked(): void;
  /** `hosts` tells how many have a remembered calendar now. */
  watch(hosts: () => number): void;
}

export function calendarMeasures(meter: Meter): CalendarMeasures {
  const age = meter.createHistogram(
    "slotwright.calendar.age",
    inSeconds("Age of the remembered calendars that were used: their number is the number of hits"),
  );
  const misses = meter.createCounter("slotwright.calendar.misses", {
    description: "Uses of a calendar for which Availability had to be asked",
  });
  const remembered = meter.createObservableGauge("slotwright.calendar.hosts", {
    unit: "{host}",
    description: "Hosts of whom a calendar is remembered",
  });
  return {
    used: (ageMs) => age.record(seconds(ageMs)),
    asked: () => misses.add(1),
    watch: (hosts) => remembered.addCallback((result) => result.observe(hosts())),
  };
}
