import type { MetricOptions } from "@opentelemetry/api";

/** Bounds of a histogram of seconds: a call is a millisecond on an idle machine, and ten seconds are its usual deadline. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The options of a histogram of durations. Milliseconds are given to it by `seconds`. */
export function inSeconds(description: string): MetricOptions {
  return { unit: "s", description, advice: { explicitBucketBoundaries: BOUNDS } };
}

export function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}
