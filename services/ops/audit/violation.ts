/** What the audit finds. Each is something that no order of events, crash or failure may lead to. */

export type Violation =
  /** An active booking that has not ended and lies, at least in part, outside its host's availability. */
  | { readonly kind: "OUTSIDE_AVAILABILITY"; readonly hostId: string; readonly bookingId: string }
  /** Two active bookings of one host that share an instant. */
  | { readonly kind: "OVERLAP"; readonly hostId: string; readonly bookingId: string; readonly otherId: string }
  /** Sequences that a host's feed lacks: those behind `after` and before `next`. */
  | { readonly kind: "FEED_GAP"; readonly hostId: string; readonly after: number; readonly next: number }
  /** The host's feed ends at `last`, but its counter says `counter`: events are lost, or will be numbered twice. */
  | { readonly kind: "FEED_END"; readonly hostId: string; readonly last: number; readonly counter: number }
  /** Whoever replays the feed does not arrive at the booking that is stored. */
  | { readonly kind: "REPLAY"; readonly hostId: string; readonly bookingId: string; readonly because: string }
  /** A request that was carried out is answered with the booking after an event that its host's feed lacks. */
  | { readonly kind: "ANSWER_LOST"; readonly hostId: string; readonly requestId: string; readonly sequence: number };

/** One line for the operator. It names ids only. */
export function lineOf(violation: Violation): string {
  const { kind, hostId } = violation;
  switch (kind) {
    case "OUTSIDE_AVAILABILITY":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} is outside the host's availability`;
    case "OVERLAP":
      return `${kind}: bookings ${violation.bookingId} and ${violation.otherId} of host ${hostId} overlap`;
    case "FEED_GAP":
      return `${kind}: the feed of host ${hostId} goes from sequence ${violation.after} to ${violation.next}`;
    case "FEED_END":
      return `${kind}: the feed of host ${hostId} ends at ${violation.last}, its counter at ${violation.counter}`;
    case "REPLAY":
      return `${kind}: booking ${violation.bookingId} of host ${hostId} ${violation.because}`;
    case "ANSWER_LOST":
      return `${kind}: request ${violation.requestId} of host ${hostId} was answered with event ${violation.sequence}, which its feed lacks`;
  }
}
