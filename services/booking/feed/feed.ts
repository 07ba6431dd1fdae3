/**
 * The change feed of hosts. A watcher reads its host's events from the database at its own pace, so nothing is buffered for
 * a slow one, and sleeps when it has read them all. It is woken by the lanes of this process, by NOTIFY from other
 * replicas, and by a poll should both have been missed.
 */

import type { Meter } from "@opentelemetry/api";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { Refusal } from "../../../shared/errors.ts";
import { periodically } from "../../../shared/periodically.ts";
import { noTelemetry } from "../../../shared/telemetry/telemetry.ts";
import type { BookingEvent } from "../domain/booking.ts";
import { isInFeed, readEvents } from "../storage/events.ts";
import { sequenceOf, sequencesOf } from "../storage/hosts.ts";
import { listen } from "./listen.ts";
import { type FeedMeasures, feedMeasures } from "./measures.ts";
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
   * aborts. Throws Refusal SEQUENCE_UNKNOWN; a reader that falls behind is interrupted with WATCH_LAGGED.
   */
  watch(hostId: string, afterSequence: number | undefined, reader: Reader): AsyncGenerator<WatchMessage, void>;
  /** To be called after each commit, with the hosts whose feeds have grown. */
  changed(hostIds: readonly string[]): void;
  close(): Promise<void>;
}

/** Who reads a stream. */
export interface Reader {
  readonly signal: AbortSignal;
  /** Ends the stream from outside: at a message that is not taken, the stream itself is suspended and can throw nothing. */
  interrupt(reason: Refusal): void;
}

export interface FeedTimes {
  /** How often an idle stream says that it is alive. */
  readonly keepAliveMs: number;
  /** How often all watched hosts are looked at together, in case a notification was lost. */
  readonly pollMs: number;
  /** A reader that leaves a message waiting for longer is sent away: it can resume where it was. */
  readonly readerStallMaxMs: number;
}

const TIMES: FeedTimes = { keepAliveMs: 15_000, pollMs: 5_000, readerStallMaxMs: 30_000 };
const EVENTS_PER_READ = 100;

/** What is remembered of users, which must be forgotten when another replica is told that they have changed. */
export interface UserMemory {
  forget(userId: string): void;
  doubtAll(): void;
}

/** `times`: what a test that cannot wait so long sets otherwise. */
export function openFeed(deps: {
  readonly pool: Pool;
  readonly url: string;
  readonly log: Logger;
  readonly users: UserMemory;
  readonly times?: Partial<FeedTimes> | undefined;
  readonly meter?: Meter;
}): Feed {
  const { pool, url, log, users } = deps;
  const times = { ...TIMES, ...deps.times };
  const wakers = openWakers();
  const measures = feedMeasures(deps.meter ?? noTelemetry.meter);
  measures.watch(() => wakers.hostIds().length);
  const notify = openNotifier(pool, log);
  const stopping = new AbortController();
  const listening = listen(
    url,
    {
      changed: (hostIds) => wakers.wake(hostIds),
      userChanged: (userId) => users.forget(userId),
      doubtAll: () => {
        wakers.wake(wakers.hostIds());
        users.doubtAll();
      },
    },
    log,
    stopping.signal,
  );
  const poll = periodically("poll the feeds", times.pollMs, poller(pool, wakers), log);
  return {
    watch: (hostId, afterSequence, reader) => watch({ pool, wakers, times, measures }, hostId, afterSequence, reader),
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
  readonly times: FeedTimes;
  readonly measures: FeedMeasures;
}

async function* watch(
  { pool, wakers, times, measures }: Watching,
  hostId: string,
  afterSequence: number | undefined,
  reader: Reader,
): AsyncGenerator<WatchMessage, void> {
  const { signal } = reader;
  const last = await sequenceOf(pool, hostId, { signal });
  if (afterSequence !== undefined && !(await isInFeed(pool, hostId, afterSequence, { signal }))) {
    throw sequenceUnknown(last);
  }
  let sequence = afterSequence ?? last;
  const offer = (event?: BookingEvent): AsyncGenerator<WatchMessage, void> =>
    offered(event === undefined ? { sequence } : { event, sequence }, reader, times.readerStallMaxMs);
  yield* offer();
  /** Whether what is read next has been waited for: what a watcher catches up on is old without being late. */
  let isAwaited = false;
  for (;;) {
    signal.throwIfAborted();
    // Armed before the read: what is committed between the read and the sleep wakes this sleep.
    const sleeper = wakers.next(hostId);
    try {
      const events = await nextEvents(pool, hostId, sequence, signal);
      for (const event of events ?? []) {
        sequence = event.sequence;
        if (isAwaited) measures.told(event);
        yield* offer(event);
      }
      // It sleeps on through its keep-alives: an idle watcher costs no queries. After a read that failed it looks again.
      let isAsleep = events === undefined || events.length === 0;
      isAwaited = isAsleep;
      while (isAsleep && (await sleeper.sleep(times.keepAliveMs, signal)) === "late") {
        yield* offer();
        isAsleep = events !== undefined;
      }
    } finally {
      sleeper.cancel();
    }
  }
}

/** One message. A reader that does not take it in time is interrupted: it would keep its place for as long as it likes. */
async function* offered(
  message: WatchMessage,
  reader: Reader,
  readerStallMaxMs: number,
): AsyncGenerator<WatchMessage, void> {
  const timer = setTimeout(() => reader.interrupt(watchLagged()), readerStallMaxMs);
  try {
    yield message;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The events behind a sequence, as many as one read takes. Undefined while the database is out of reach: the watcher
 * sleeps through its restart and is woken when it can be listened to again. If it has been restored meanwhile to a time
 * before that sequence, what the watcher has seen was undone: throws Refusal SEQUENCE_UNKNOWN.
 */
async function nextEvents(
  pool: Pool,
  hostId: string,
  sequence: number,
  signal: AbortSignal,
): Promise<readonly BookingEvent[] | undefined> {
  try {
    const events = await readEvents(pool, hostId, sequence, EVENTS_PER_READ + 1, { signal });
    const first = events[0]?.sequence;
    if (first === sequence) return events.slice(1);
    if (first === sequence + 1 || (await isInFeed(pool, hostId, sequence, { signal }))) return events;
    throw sequenceUnknown(await sequenceOf(pool, hostId, { signal }));
  } catch (error) {
    if (error instanceof Refusal && error.reason === "BUSY") return undefined;
    throw error;
  }
}

/** Looks whether a watched host's feed has grown without anybody saying so: one query for all watched hosts. */
function poller(pool: Pool, wakers: Wakers): () => Promise<void> {
  let seen: ReadonlyMap<string, number> = new Map();
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
    `the host's feed has come to ${last} and has no such sequence; list its bookings and watch from there`,
    {
      metadata: { last_sequence: String(last) },
    },
  );
}

function watchLagged(): Refusal {
  return new Refusal("WATCH_LAGGED", "the messages were read too slowly; watch again from the last sequence seen");
}
