/**
 * Checks what callers were told against the feed, which is the order in which a host's bookings changed. Together they show
 * that every call happened at one moment between its beginning and its end.
 */

import { isDeepStrictEqual } from "node:util";
import type { SeenBooking } from "./seen-booking.ts";
import { canHaveChanged, sameVersions, unseenVersions } from "./versions-history.ts";
import { type Entry, isBefore, type Span, spanOf } from "./history.ts";
import { hasAllHolds, isCalled, whyNotChanged } from "./model.ts";
import { activeIn } from "./model-state.ts";
import { canClose, onClosedTime } from "./open-time-history.ts";
import { AROUND } from "./quarters.ts";
import type { SeenEvent } from "./reads.ts";
import { againstRules, canBeFull, canForbid, type Put } from "./rules-history.ts";

/** `history` and `feed` are of one host, and whole. Returns what does not fit together, a line each. */
export function checkHistory(history: readonly Entry[], feed: readonly SeenEvent[]): string[] {
  const writes = writesOf(history, feed);
  return [
    ...answeredInTwoWays(history),
    ...lost(history, feed),
    ...untold(writes, feed),
    ...outOfOrder(writes),
    ...unexplained(history, writes, feed),
    ...onClosedTime(
      history,
      putsIn(writes).map(({ event, ...span }) => ({ during: event.booking.during, ...span })),
    ),
    ...againstRules(history, putsIn(writes), momentsOf(feed)),
    ...unseenVersions(history),
    ...sameVersions(history),
  ];
}

/** One version of a booking that a caller was told of. */
interface Write extends Span {
  readonly event: SeenEvent;
  readonly entries: readonly Entry[];
}

function writesOf(history: readonly Entry[], feed: readonly SeenEvent[]): Write[] {
  const told = Map.groupBy(history, ({ answer }) =>
    answer.kind === "booking" ? versionOf(answer.booking) : undefined,
  );
  return feed.flatMap((event) => {
    const entries = told.get(versionOf(event.booking));
    return entries === undefined ? [] : [{ event, entries, ...spanOf(entries) }];
  });
}

function versionOf({ id, etag }: SeenBooking): string {
  return `${id} ${etag}`;
}

/** Calls with one `request_id` that were accepted with more than one answer or content. */
function answeredInTwoWays(history: readonly Entry[]): string[] {
  return [...acceptedById(history).values()].flatMap(([first, ...others]) =>
    others
      .filter(({ call, answer }) => !isDeepStrictEqual({ call, answer }, { call: first?.call, answer: first?.answer }))
      .map((other) => `one request, two answers: ${JSON.stringify([first, other])}`),
  );
}

/** Refusals are not remembered: of two twins the first to be decided may be refused, and the other accepted. */
function acceptedById(history: readonly Entry[]): Map<string, Entry[]> {
  const named = history.filter(({ call, answer }) => call.requestId !== "" && answer.kind !== "refused");
  return Map.groupBy(named, ({ call }) => call.requestId);
}

/** Writes that were acknowledged and are not in the feed, or not as they were acknowledged. */
function lost(history: readonly Entry[], feed: readonly SeenEvent[]): string[] {
  const events = new Map(feed.map(({ booking }) => [versionOf(booking), booking]));
  return history
    .filter(
      ({ answer }) =>
        answer.kind === "booking" && !isDeepStrictEqual(events.get(versionOf(answer.booking)), answer.booking),
    )
    .map((entry) => `an acknowledged write is not in the feed: ${JSON.stringify(entry)}`);
}

/** Events without a call: by itself the service only records what has expired. */
function untold(writes: readonly Write[], feed: readonly SeenEvent[]): string[] {
  const told = new Set(writes.map(({ event }) => event));
  return feed
    .filter((event) => event.kind !== "EXPIRED" && !told.has(event))
    .map((event) => `nobody was told of an event: ${JSON.stringify(event)}`);
}

/** Writes that come in the feed behind one that began only after they had ended. */
function outOfOrder(writes: readonly Write[]): string[] {
  return writes
    .filter((write) => write.event.sequence <= earliest(write, writes))
    .map((write) => `a write comes too early in the feed: ${JSON.stringify(write)}`);
}

/** The last event that certainly had happened when `span` began. */
function earliest(span: Span, writes: readonly Write[]): number {
  return Math.max(0, ...writes.filter((write) => isBefore(write, span)).map(({ event }) => event.sequence));
}

/** The last event that can have happened when `span` ended. */
function latest(span: Span, writes: readonly Write[]): number {
  return Math.min(...writes.filter((write) => isBefore(span, write)).map(({ event }) => event.sequence)) - 1;
}

/** Refusals for which the bookings gave no reason at any moment between the call's beginning and its end. */
function unexplained(history: readonly Entry[], writes: readonly Write[], feed: readonly SeenEvent[]): string[] {
  const moments = momentsOf(feed);
  return history
    .filter((entry) => {
      const possible = moments.slice(earliest(entry, writes), latest(entry, writes) + 1);
      return !possible.some((bookings) => explains(bookings, entry, history));
    })
    .map((entry) => `a refusal without its reason: ${JSON.stringify(entry)}`);
}

/** A host's bookings before the first event and after each. */
function momentsOf(feed: readonly SeenEvent[]): SeenBooking[][] {
  const bookings = new Map<string, SeenBooking>();
  return [[], ...feed.map(({ booking }) => [...bookings.set(booking.id, booking).values()])];
}

function explains(bookings: readonly SeenBooking[], entry: Entry, history: readonly Entry[]): boolean {
  const { call, answer, ...span } = entry;
  if (answer.kind !== "refused") return true;
  const candidate = "during" in call ? [call.during] : [];
  const named = "bookingId" in call ? bookings.find(({ id }) => id === call.bookingId) : undefined;
  switch (answer.reason) {
    case "SLOT_TAKEN":
      return canBeFull(entry, bookings, history);
    case "TOO_SOON":
    case "TOO_FAR":
      return canForbid(answer.reason, span, history);
    case "EXTERNAL_ID_TAKEN":
      return call.method === "CreateBooking" && isCalled(bookings, call.details.externalId);
    case "TOO_MANY_HOLDS":
      return call.method === "CreateBooking" && hasAllHolds(bookings, call.guestId);
    case "AVAILABILITY_BOOKED": {
      const active =
        call.method === "SetWeeklyHours"
          ? activeIn(bookings, [AROUND]).filter((booking) => canClose(call, booking))
          : activeIn(bookings, candidate);
      const inTheWay = new Set(active.map(({ id }) => id));
      return answer.bookingIds.length > 0 && answer.bookingIds.every((id) => inTheWay.has(id));
    }
    case "ETAG_MISMATCH":
    case "HOLD_EXPIRED":
    case "BOOKING_NOT_ACTIVE":
      if (call.method === "SetWeeklyHours" || call.method === "UpdateRules") return canHaveChanged(call, span, history);
      return "bookingId" in call && named !== undefined && whyNotChanged(named, call) === answer.reason;
    default:
      // The other reasons are not about bookings.
      return true;
  }
}

/** Where bookings were put, and when. */
function putsIn(writes: readonly Write[]): Put[] {
  return writes.filter(({ entries }) =>
    entries.some(({ call }) => call.method === "CreateBooking" || call.method === "RescheduleBooking"),
  );
}
