/** From what a step says in general to one call: which booking, which version, which earlier request. */

import { randomUUID } from "node:crypto";
import type { Call } from "./calls.ts";
import { dateOf } from "./quarters.ts";
import type { SeenBooking } from "./seen-booking.ts";
import type { Etag, TestStep } from "./steps.ts";

/** What a caller knows. */
export interface Known {
  readonly hostId: string;
  readonly guestIds: readonly string[];
  /** In the order of their creation. */
  readonly bookings: readonly (Pick<SeenBooking, "id" | "etag" | "during"> & {
    readonly pastEtags: readonly string[];
  })[];
  /** That the weekly hours have had. */
  readonly hoursEtags: readonly string[];
  /** That the rules have had. */
  readonly rulesEtags: readonly string[];
  /** Calls with a `request_id` that were accepted. */
  readonly requests: readonly Call[];
}

/** The write that a step means; undefined if it is none, or if there is nothing yet that it could be about. */
export function callOf(step: TestStep, known: Known): Call | undefined {
  const { hostId, guestIds } = known;
  if (step.kind === "repeat") {
    const repeated = latest(known.requests, step.pick);
    return repeated !== undefined && step.altered ? altered(repeated) : repeated;
  }
  if (!("named" in step)) return undefined;
  const requestId = step.named ? randomUUID() : "";
  switch (step.kind) {
    case "add": {
      const { during, slotDurationMinutes } = step;
      return { method: "AddAvailability", hostId, during, slotDurationMinutes, requestId };
    }
    case "remove":
    case "restore": {
      const method = step.kind === "remove" ? "RemoveAvailability" : "RestoreWeeklyHours";
      return { method, hostId, during: step.during, keepsBooked: step.keepsBooked, requestId };
    }
    case "hours": {
      const { timeZone, ranges, slotDurationMinutes, keepsBooked } = step;
      const fromDate = step.fromDay === undefined ? "" : dateOf(step.fromDay);
      const etag = etagOf(step.etag, versionsIn(known.hoursEtags));
      const wanted = { fromDate, timeZone, ranges, slotDurationMinutes, keepsBooked };
      return { method: "SetWeeklyHours", hostId, ...wanted, etag, requestId };
    }
    case "rules": {
      const { given, mask } = step;
      return {
        method: "UpdateRules",
        hostId,
        given,
        mask,
        etag: etagOf(step.etag, versionsIn(known.rulesEtags)),
        requestId,
      };
    }
    case "create": {
      const guestId = guestIds[step.guest] ?? "";
      return {
        method: "CreateBooking",
        hostId,
        guestId,
        during: step.during,
        holdSeconds: step.holdSeconds,
        details: step.details,
        ignoreNotice: step.ignoreNotice,
        requestId,
      };
    }
    default: {
      const booking = latest(known.bookings, step.pick);
      if (booking === undefined) return undefined;
      const etag = etagOf(step.etag, booking);
      const asked = { bookingId: booking.id, etag, requestId };
      if (step.kind === "confirm") return { method: "ConfirmBooking", ...asked };
      if (step.kind === "cancel") return { method: "CancelBooking", reason: step.reason, ...asked };
      const length = step.during.end - step.during.start;
      const { start } = step.keepsStart ? booking.during : step.during;
      const { ignoreNotice } = step;
      return { method: "RescheduleBooking", during: { start, end: start + length }, ignoreNotice, ...asked };
    }
  }
}

function versionsIn(etags: readonly string[]): { readonly etag: string; readonly pastEtags: readonly string[] } {
  return { etag: etags.at(-1) ?? "", pastEtags: etags.slice(0, -1) };
}

function etagOf(
  which: Etag,
  { etag, pastEtags }: { readonly etag: string; readonly pastEtags: readonly string[] },
): string {
  return { none: "", current: etag, past: pastEtags.at(-1) ?? '"none of its own"' }[which];
}

/** The `pick`th from the end, around and around. */
export function latest<T>(all: readonly T[], pick: number): T | undefined {
  return all.at(-1 - (pick % Math.max(1, all.length)));
}

/** Other content under the same `request_id`. */
function altered(call: Call): Call {
  if (!("during" in call)) return { ...call, etag: '"another"' };
  return { ...call, during: { ...call.during, end: call.during.end + 1 } };
}
