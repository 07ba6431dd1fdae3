/** Connections to whichever of several servers takes writes. */

import { Client, type ClientBase, type ClientConfig } from "pg";
import { IS_READ_ONLY } from "./read-only.ts";
import { serverUrls } from "./server-urls.ts";
import { isConnectionLost, ReadOnlyServer } from "./sqlstate.ts";

export const CONNECT_TIMEOUT_MS = 5000;

/**
 * A connection of the driver whose `connectionString` may name several servers. Where it does, all are asked at once, on
 * connections of their own, and the first that takes writes is connected to: a server that is gone without a word costs nobody
 * its timeout. Which one it is may change at any time, so it is asked for each connection; a pool makes few.
 *
 * A server that has just ceased to take writes may be chosen. What the connection is used for finds that out (`prepareSession`).
 */
export class PrimaryClient extends Client {
  readonly #urls: readonly [string, ...string[]];
  #connectedTo: string;

  constructor(config: ClientConfig) {
    const urls = serverUrls(config.connectionString ?? "");
    super(config.connectionString === undefined ? config : { ...config, connectionString: urls[0] });
    this.#urls = urls;
    this.#connectedTo = urls[0];
  }

  /** The URL of the one server that it is connected to. */
  get connectedTo(): string {
    return this.#connectedTo;
  }

  override connect(): Promise<Client>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: Client) => void)): void;
  override connect(callback?: (error: never, client: never) => void): Promise<Client> | void {
    const settled = callback as ((error: unknown, client?: Client) => void) | undefined;
    if (this.#urls.length === 1) return settled === undefined ? super.connect() : super.connect(settled);
    const connecting = this.#connectToPrimary();
    if (settled === undefined) return connecting;
    // As the driver calls its own: what a callback throws is nobody's rejection.
    connecting.then(
      (client) => setImmediate(settled, null, client),
      (error: unknown) => setImmediate(settled, error),
    );
    return undefined;
  }

  async #connectToPrimary(): Promise<Client> {
    this.#connectedTo = await findPrimary(this.#urls);
    const { host, port } = new Client({ connectionString: this.#connectedTo });
    Object.assign(this, { host, port });
    return super.connect();
  }
}

/** For a pool, whose types take a class that is made of nothing. */
export const poolClient = PrimaryClient as unknown as new () => ClientBase;

/** The first that says that it takes writes. Rejects with what is most worth knowing if none does. */
async function findPrimary(urls: readonly string[]): Promise<string> {
  try {
    return await Promise.any(urls.map(assertTakesWrites));
  } catch (error) {
    const all = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    throw all.find((each) => !isConnectionLost(each)) ?? all.find((each) => each instanceof ReadOnlyServer) ?? all[0];
  }
}

async function assertTakesWrites(url: string): Promise<string> {
  const client = new Client({
    connectionString: url,
    application_name: "slotwright-find-primary",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  // The query that is under way rejects as well; without a listener the event would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ is_read_only: boolean }>(`select ${IS_READ_ONLY} as is_read_only`);
    if (rows[0]?.is_read_only !== false) throw new ReadOnlyServer();
    return url;
  } finally {
    void client.end().catch(() => undefined);
  }
}
