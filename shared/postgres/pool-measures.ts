import type { Meter } from "@opentelemetry/api";
import type { Pool } from "pg";

/** Measures how much of a pool is in use, by OpenTelemetry's names, whenever somebody asks. */
export function measurePool(meter: Meter, name: string, pool: Pool): void {
  const attributes = { "db.client.connection.pool.name": name };
  meter
    .createObservableUpDownCounter("db.client.connection.count", {
      description: "Connections to the database, by state",
    })
    .addCallback((result) => {
      result.observe(pool.idleCount, { ...attributes, "db.client.connection.state": "idle" });
      result.observe(pool.totalCount - pool.idleCount, { ...attributes, "db.client.connection.state": "used" });
    });
  meter
    .createObservableUpDownCounter("db.client.connection.max", { description: "Connections that the pool may have" })
    .addCallback((result) => result.observe(pool.options.max, attributes));
  meter
    .createObservableUpDownCounter("db.client.connection.pending_requests", {
      description: "Requests that wait for a connection",
    })
    .addCallback((result) => result.observe(pool.waitingCount, attributes));
}
