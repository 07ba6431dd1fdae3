/** What the audit finds. Each is something that no order of events, crash or failure may lead to. */

export type Violation =
  /** An active booking that has not ended and lies, at least in part, outside its host's availability. */
  | { readonly kind: "OUTSIDE_AVAILABILITY"; readonly hostId: string; readonly bookingId: string }
  /** An active booking that has not ended, with a guest whom Availability does not have. */
  | {
      readonly kind: "GUEST_UNKNOWN";
      readonly hostId: string;
      readonly bookingId: string;
      readonly guestId: string;
    }
  /** Two active bookings that are in one seat of one host at some instant, buffers included. */
  | {
      readonly kind: "OVERLAP";
      readonly hostId: string;
      readonly seat: number;
      readonly bookingId: string;
      readonly otherId: string;
    }
  /** A booking that is in no seat, or not for all of its time. */
  | { readonly kind: "MISPLACED"; readonly hostId: string; readonly bookingId: string; readonly because: string }
  /** Two standing bookings of one host with one `external_id`. */
  | { readonly kind: "EXTERNAL_ID"; readonly hostId: string; readonly bookingId: string; readonly otherId: string }
  /** Sequences that a host's feed lacks: those behind `after` and before `next`. */
  | { readonly kind: "FEED_GAP"; readonly hostId: string; readonly after: number; readonly next: number }
  /** The host's feed ends at `last`, but its counter says `counter`: events are lost, or will be numbered twice. */
  | { readonly kind: "FEED_END"; readonly hostId: string; readonly last: number; readonly counter: number }
  /** Whoever replays the feed does not arrive at the booking that is stored. */
  | { readonly kind: "REPLAY"; readonly hostId: string; readonly bookingId: string; readonly because: string }
  /** A request that was carried out is answered with the booking after an event that its host's feed lacks. */
  | { readonly kind: "ANSWER_LOST"; readonly hostId: string; readonly requestId: string; readonly sequence: number }
  /** Something that was said about a booking whose guest is erased. */
  | { readonly kind: "ERASED"; readonly hostId: string; readonly bookingId: string; readonly because: string }
  /** A booking that was made, confirmed or moved while its host or guest was deactivated or erased. */
  | { readonly kind: "INACTIVE"; readonly hostId: string; readonly bookingId: string; readonly because: string }
  /** A user who is erased and still has a name, an address or an external id. */
  | { readonly kind: "ERASED_USER"; readonly userId: string }
  /** A user of whom Booking has another state than Availability, which has told it all. Who is not in Availability is UNKNOWN. */
  | { readonly kind: "USER_STATE"; readonly userId: string; readonly state: string; readonly inBooking: string };

/** One line for the operator. It names ids only. */
export function lineOf(violation: Violation): string {
  const { kind } = violation;
  switch (kind) {
    case "ERASED_USER":
      return `${kind}: user ${violation.userId} is erased and still somebody`;
    case "USER_STATE":
      return `${kind}: user ${violation.userId} is ${violation.state}, and ${violation.inBooking} in Booking`;
    default:
      return lineOfHost(violation);
  }
}

function lineOfHost(violation: Extract<Violation, { readonly hostId: string }>): string {
  const { kind, hostId } = violation;
  switch (kind) {
    case "OUTSIDE_AVAILABILITY":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} is outside the host's availability`;
    case "GUEST_UNKNOWN":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} is with guest ${violation.guestId}, whom Availability does not have`;
    case "OVERLAP":
      return `${kind}: bookings ${violation.bookingId} and ${violation.otherId} of host ${hostId} overlap in seat ${violation.seat}`;
    case "MISPLACED":
    case "ERASED":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} ${violation.because}`;
    case "EXTERNAL_ID":
      return `${kind}: bookings ${violation.bookingId} and ${violation.otherId} of host ${hostId} have one external id`;
    case "FEED_GAP":
      return `${kind}: the feed of host ${hostId} goes from sequence ${violation.after} to ${violation.next}`;
    case "FEED_END":
      return `${kind}: the feed of host ${hostId} ends at ${violation.last}, its counter at ${violation.counter}`;
    case "REPLAY":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} ${violation.because}`;
    case "INACTIVE":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} was ${violation.because}`;
    case "ANSWER_LOST":
      return `${kind}: request ${violation.requestId} of host ${hostId} was answered with event ${violation.sequence}, which its feed lacks`;
  }
}
