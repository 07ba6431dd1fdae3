/** What is measured of a process of Node.js, by OpenTelemetry's names. All of it is read when somebody asks. */

import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { cpuUsage, memoryUsage, uptime } from "node:process";
import { getHeapStatistics } from "node:v8";
import type { Meter } from "@opentelemetry/api";

const NANOSECONDS = 1e-9;
const MICROSECONDS = 1e-6;

/** Measures until the returned function is called. */
export function measureProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const p50 = meter.createObservableGauge("nodejs.eventloop.delay.p50", { unit: "s", description: DELAY });
  const p99 = meter.createObservableGauge("nodejs.eventloop.delay.p99", { unit: "s", description: DELAY });
  const max = meter.createObservableGauge("nodejs.eventloop.delay.max", { unit: "s", description: DELAY });
  meter.addBatchObservableCallback(
    (result) => {
      result.observe(p50, delay.percentile(50) * NANOSECONDS);
      result.observe(p99, delay.percentile(99) * NANOSECONDS);
      result.observe(max, delay.max * NANOSECONDS);
      delay.reset();
    },
    [p50, p99, max],
  );
  let since = performance.eventLoopUtilization();
  meter
    .createObservableGauge("nodejs.eventloop.utilization", {
      description: "The part of the time since the last reading in which the event loop was busy, from 0 to 1",
    })
    .addCallback((result) => {
      const now = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(now, since).utilization);
      since = now;
    });
  meter
    .createObservableCounter("process.cpu.time", { unit: "s", description: "Processor time used, by state" })
    .addCallback((result) => {
      const { user, system } = cpuUsage();
      result.observe(user * MICROSECONDS, { "process.cpu.state": "user" });
      result.observe(system * MICROSECONDS, { "process.cpu.state": "system" });
    });
  meter
    .createObservableGauge("process.memory.usage", { unit: "By", description: "Memory that is resident" })
    .addCallback((result) => result.observe(memoryUsage.rss()));
  meter
    .createObservableGauge("v8js.memory.heap.used", { unit: "By", description: "Memory of the heap in use" })
    .addCallback((result) => result.observe(getHeapStatistics().used_heap_size));
  meter
    .createObservableGauge("process.uptime", { unit: "s", description: "How long the process has run" })
    .addCallback((result) => result.observe(uptime()));
  return () => delay.disable();
}

const DELAY = "How late the event loop was since the last reading: what every call waits beside its own work";
