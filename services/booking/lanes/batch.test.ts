/** By what it is known whether a batch was committed. */

import { expect, test } from "vitest";
import type { BookingEvent, BookingEventKind } from "../domain/booking.ts";
import type { HostWrites } from "../storage/write.ts";
import { CommitUnknown } from "./batch.ts";

const result = { decided: new Map(), locked: [], changedHosts: [], events: [] };

/** What a batch wrote for one host: events of these numbers of versions, of a booking each. */
function writes(
  hostId: string,
  ...written: readonly (readonly [kind: BookingEventKind, version: number])[]
): HostWrites {
  const events = written.map(([kind, version], index): BookingEvent => {
    const during = { start: 0, end: 1 };
    const times = { during, occupied: during, createTime: 0, updateTime: 0 };
    const sequence = index + 1;
    const what = { id: `${kind} ${version}`, hostId, guestId: "g", state: "CONFIRMED", version, sequence } as const;
    const booking = { ...what, seat: 1, ...times, details: {} };
    return { hostId, sequence, kind, actor: "tester", time: 0, booking };
  });
  return { hostId, generation: 0, sequence: events.length, changes: [], events, requests: [] };
}

function witnessOf(...all: readonly HostWrites[]): string | undefined {
  return new CommitUnknown(new Error("lost"), all, result).witness?.booking.id;
}

test("a booking that it has made, which nobody else can have, tells it best", () => {
  const one = writes("a", ["EXPIRED", 2], ["CANCELLED", 2]);
  expect(witnessOf(one, writes("b", ["RESCHEDULED", 3], ["HELD", 1]))).toBe("HELD 1");
  expect(witnessOf(one)).toBe("CANCELLED 2");
});

test("the end of a hold, or an erasure, which every replica may record, tells nothing", () => {
  expect(witnessOf(writes("a", ["EXPIRED", 2], ["ERASED", 3]))).toBeUndefined();
});
