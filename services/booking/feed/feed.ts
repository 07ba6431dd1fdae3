/**
 * The change feed of hosts. A watcher reads its host's events from the database at its own pace, so nothing is buffered for
 * a slow one, and sleeps when it has read them all. It is woken by the lanes of this process, by NOTIFY from other
 * replicas, and by a poll should both have been missed.
 */

import type { Pool } from "pg";
import type { Logger } from "pino";
import { Refusal } from "../../../shared/errors.ts";
import { periodically } from "../../../shared/periodically.ts";
import type { BookingEvent } from "../domain/booking.ts";
import { sequenceOf } from "../storage/bookings.ts";
import { readEvents, sequencesOf } from "../storage/events.ts";
import { listen } from "./listen.ts";
import { openNotifier } from "./notify.ts";
import { openWakers, type Wakers } from "./wakers.ts";

export interface WatchMessage {
  /** Unset in the first message and in keep-alives. */
  readonly event?: BookingEvent;
  /** The sequence that the stream has come to. */
  readonly sequence: number;
}

export interface Feed {
  /**
   * The host's changes behind `afterSequence` (undefined: behind the last one), each once and in order, until `signal`
   * aborts. Throws Refusal SEQUENCE_UNKNOWN.
   */
  watch(hostId: string, afterSequence: number | undefined, signal: AbortSignal): AsyncGenerator<WatchMessage, void>;
  /** To be called after each commit, with the hosts whose feeds have grown. */
  changed(hostIds: readonly string[]): void;
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 15_000;
const POLL_MS = 5_000;
const EVENTS_PER_READ = 100;

export function openFeed(deps: { readonly pool: Pool; readonly url: string; readonly log: Logger }): Feed {
  const { pool, url, log } = deps;
  const wakers = openWakers();
  const notify = openNotifier(pool, log);
  const stopping = new AbortController();
  const listening = listen(
    url,
    { changed: (hostIds) => wakers.wake(hostIds), reconnected: () => wakers.wake(wakers.hostIds()) },
    log,
    stopping.signal,
  );
  const poll = periodically("poll the feeds", POLL_MS, poller(pool, wakers), log);
  return {
    watch: (hostId, afterSequence, signal) => watch({ pool, wakers }, hostId, afterSequence, signal),
    changed(hostIds) {
      wakers.wake(hostIds);
      notify(hostIds);
    },
    async close() {
      stopping.abort();
      await Promise.all([poll.stop(), listening]);
    },
  };
}

interface Watching {
  readonly pool: Pool;
  readonly wakers: Wakers;
}

async function* watch(
  { pool, wakers }: Watching,
  hostId: string,
  afterSequence: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchMessage, void> {
  const last = await sequenceOf(pool, hostId, signal);
  if (afterSequence !== undefined && afterSequence > last) throw sequenceUnknown(last);
  let sequence = afterSequence ?? last;
  yield { sequence };
  for (;;) {
    signal.throwIfAborted();
    // Armed before the read: what is committed between the read and the sleep wakes this sleep.
    const { woken, cancel } = wakers.next(hostId);
    try {
      const events = await nextEvents(pool, hostId, sequence, signal);
      for (const event of events) {
        sequence = event.sequence;
        yield { event, sequence };
      }
      if (events.length === 0 && (await sleep(woken, signal)) === "late") yield { sequence };
    } finally {
      cancel();
    }
  }
}

/**
 * The events behind a sequence, as many as one read takes. None while the database is out of reach: whoever watches sleeps
 * through its restart and is woken when it can be listened to again.
 */
async function nextEvents(
  pool: Pool,
  hostId: string,
  sequence: number,
  signal: AbortSignal,
): Promise<readonly BookingEvent[]> {
  try {
    return await readEvents(pool, hostId, sequence, EVENTS_PER_READ, signal);
  } catch (error) {
    if (error instanceof Refusal && error.reason === "BUSY") return [];
    throw error;
  }
}

/** Until woken, or until a keep-alive is due. Throws when the signal aborts. */
async function sleep(woken: Promise<void>, signal: AbortSignal): Promise<"woken" | "late"> {
  const { promise, resolve, reject } = Promise.withResolvers<"late">();
  const timer = setTimeout(resolve, KEEP_ALIVE_MS, "late");
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([woken.then((): "woken" => "woken"), promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** Looks whether a watched host's feed has grown without anybody saying so: one query for all watched hosts. */
function poller(pool: Pool, wakers: Wakers): () => Promise<void> {
  let seen = new Map<string, number>();
  return async () => {
    const hostIds = wakers.hostIds();
    if (hostIds.length === 0) return;
    const found = await sequencesOf(pool, hostIds);
    wakers.wake(hostIds.filter((hostId) => found.get(hostId) !== seen.get(hostId)));
    seen = found;
  };
}

function sequenceUnknown(last: number): Refusal {
  return new Refusal(
    "SEQUENCE_UNKNOWN",
    `the host's feed has come to ${last}; list its bookings and watch from there`,
    {
      metadata: { last_sequence: String(last) },
    },
  );
}
