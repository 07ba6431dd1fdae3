import type { Meter } from "@opentelemetry/api";
import { inSeconds, seconds } from "../../../shared/telemetry/seconds.ts";
import type { BookingEvent } from "../domain/booking.ts";

export interface FeedMeasures {
  /** A watcher that slept is given an event. */
  told(event: BookingEvent): void;
  /** `hosts` tells how many are watched now. */
  watch(hosts: () => number): void;
}

export function feedMeasures(meter: Meter): FeedMeasures {
  const lag = meter.createHistogram(
    "slotwright.feed.lag",
    inSeconds("From a change, by the database's clock, until a watcher that slept was given it, by this machine's"),
  );
  const watched = meter.createObservableGauge("slotwright.feed.hosts_watched", {
    unit: "{host}",
    description: "Hosts whose feed somebody waits for",
  });
  return {
    told: (event) => lag.record(seconds(Math.max(0, Date.now() - event.time))),
    watch: (hosts) => watched.addCallback((result) => result.observe(hosts())),
  };
}
