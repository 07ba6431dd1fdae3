/** Why a change of a booking is refused, as callers are told. Names no other guest: who has booked is none of the caller's business. */

import { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";

export function outsideAvailability(): Refusal {
  return new Refusal("OUTSIDE_AVAILABILITY", "the host is not available for the whole of this time");
}

export function offGrid(): Refusal {
  return new Refusal("OFF_GRID", "the time is not made of whole slots; list the open slots to see the grid");
}

export function startInPast(): Refusal {
  return new Refusal("START_IN_PAST", "the time has begun already");
}

/** Of a booking that is under way and is to be over. */
export function endInPast(): Refusal {
  return new Refusal("START_IN_PAST", "the asked end has passed");
}

export function tooSoon(earliest: Instant): Refusal {
  return new Refusal("TOO_SOON", "the time begins within the host's minimum notice", {
    metadata: { earliest_start_time: new Date(earliest).toISOString() },
  });
}

export function tooFar(latest: Instant): Refusal {
  return new Refusal("TOO_FAR", "the time begins behind the host's horizon", {
    metadata: { latest_start_time: new Date(latest).toISOString() },
  });
}

export function externalIdTaken(): Refusal {
  return new Refusal("EXTERNAL_ID_TAKEN", "another booking of this host has the external_id", {
    fields: [
      { field: "external_id", description: "is that of another booking of the host, neither cancelled nor expired" },
    ],
  });
}

export function slotTaken(): Refusal {
  return new Refusal("SLOT_TAKEN", "the time is booked; list the open slots again and choose another");
}

export function tooManyHolds(where: string, limit: number): Refusal {
  const description = `has ${limit} active holds ${where}, as many as a guest may have`;
  return new Refusal("TOO_MANY_HOLDS", `the guest ${description}; confirm or cancel one, or let one end`, {
    preconditions: [{ type: "ACTIVE_HOLDS", subject: "guest_id", description }],
    metadata: { holds_max: String(limit) },
  });
}

export function hostDeactivated(hostId: string): Refusal {
  return new Refusal("HOST_DEACTIVATED", "the host takes no bookings any more", {
    resource: { type: "User", name: hostId },
  });
}

export function guestDeactivated(guestId: string): Refusal {
  return new Refusal("GUEST_DEACTIVATED", "the guest makes no bookings any more", {
    resource: { type: "User", name: guestId },
  });
}

export function bookingNotFound(bookingId: string): Refusal {
  return new Refusal("BOOKING_NOT_FOUND", "there is no such booking", {
    resource: { type: "Booking", name: bookingId },
  });
}

export function holdExpired(): Refusal {
  return new Refusal("HOLD_EXPIRED", "the hold ended before it was confirmed; book again");
}

export function notActive(because: string): Refusal {
  return new Refusal("BOOKING_NOT_ACTIVE", `the booking ${because}`);
}

export function etagMismatch(): Refusal {
  return new Refusal("ETAG_MISMATCH", "the booking has changed since it was read; read it again");
}
