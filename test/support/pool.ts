import { Pool } from "pg";

/**
 * A pool around the services. `end` does not wait until its connections are closed, so a database that is dropped right
 * after it ends them the hard way: without a listener, that error would fail the test that runs at that moment.
 */
export function poolOf(url: string): Pool {
  const pool = new Pool({ connectionString: url });
  pool.on("connect", (client) => client.on("error", () => undefined));
  pool.on("error", () => undefined);
  return pool;
}
