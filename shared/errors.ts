/**
 * Expected refusals. The list of reasons is closed and each has one status code, which says what the caller should do
 * next. Anything else that is thrown is a bug of ours: the caller sees a bare INTERNAL, the log has the whole of it.
 */

/** The reason (as in the contracts' `ErrorReason`, without its prefix) and the gRPC status that goes with it. */
export const statusOf = {
  INVALID_REQUEST: "INVALID_ARGUMENT",
  ROLE_NOT_ALLOWED: "PERMISSION_DENIED",
  NOT_YOUR_OWN: "PERMISSION_DENIED",
  USER_NOT_FOUND: "NOT_FOUND",
  BOOKING_NOT_FOUND: "NOT_FOUND",
  EMAIL_TAKEN: "ALREADY_EXISTS",
  EXTERNAL_ID_TAKEN: "ALREADY_EXISTS",
  REQUEST_ID_REUSED: "ALREADY_EXISTS",
  NOT_A_HOST: "FAILED_PRECONDITION",
  NOT_A_GUEST: "FAILED_PRECONDITION",
  SLOT_DURATION_MISMATCH: "FAILED_PRECONDITION",
  AVAILABILITY_BOOKED: "FAILED_PRECONDITION",
  OUTSIDE_AVAILABILITY: "FAILED_PRECONDITION",
  OFF_GRID: "FAILED_PRECONDITION",
  START_IN_PAST: "FAILED_PRECONDITION",
  TOO_SOON: "FAILED_PRECONDITION",
  TOO_FAR: "FAILED_PRECONDITION",
  HOLD_EXPIRED: "FAILED_PRECONDITION",
  BOOKING_NOT_ACTIVE: "FAILED_PRECONDITION",
  HOST_DEACTIVATED: "FAILED_PRECONDITION",
  GUEST_DEACTIVATED: "FAILED_PRECONDITION",
  USER_ERASED: "FAILED_PRECONDITION",
  TOO_MANY_HOLDS: "FAILED_PRECONDITION",
  TOO_MANY_WEEKLY_HOURS: "FAILED_PRECONDITION",
  SLOT_TAKEN: "ABORTED",
  ETAG_MISMATCH: "ABORTED",
  WATCH_LAGGED: "ABORTED",
  SEQUENCE_UNKNOWN: "OUT_OF_RANGE",
  BUSY: "UNAVAILABLE",
  PEER_UNAVAILABLE: "UNAVAILABLE",
  OUTCOME_UNKNOWN: "UNAVAILABLE",
  RATE_LIMITED: "RESOURCE_EXHAUSTED",
  OVERLOADED: "RESOURCE_EXHAUSTED",
} as const;

export type Reason = keyof typeof statusOf;

/** One field of a request that breaks its rule. `field` is the path in the contract's names, such as `start_time`. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What the caller is told beside the reason. Each member becomes one message of google/rpc/error_details.proto. */
export interface RefusalDetails {
  /** Every field that is wrong: `BadRequest`. */
  readonly fields?: readonly FieldViolation[];
  /** The thing that is missing or in the way: `ResourceInfo`. `type` is a message of the contract, such as `User`. */
  readonly resource?: { readonly type: string; readonly name: string };
  /** What would have to change first: `PreconditionFailure`. */
  readonly preconditions?: readonly {
    readonly type: string;
    readonly subject: string;
    readonly description: string;
  }[];
  /** When to send the same call again: `RetryInfo`. */
  readonly retryAfterMs?: number;
  /** Facts for programs: `ErrorInfo.metadata`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A call that is refused for a reason of the contract. The message is for people, and names no other user's data. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: Reason;
  readonly details: RefusalDetails;

  constructor(reason: Reason, message: string, details: RefusalDetails = {}) {
    super(message);
    this.reason = reason;
    this.details = details;
  }
}

/** The `request_id` stands for another method or other content already. */
export function requestIdReused(): Refusal {
  return new Refusal("REQUEST_ID_REUSED", "this request_id was used for another request of this host", {
    fields: [{ field: "request_id", description: "was used with another method or other content; use a new one" }],
  });
}

/** A queue is full. Nothing was changed, and the caller should slow down. */
export function overloaded(): Refusal {
  return new Refusal("OVERLOADED", "too many changes are waiting; nothing was changed", { retryAfterMs: 500 });
}

/** Another change of the host did not end in time. Nothing was changed. */
export function hostBusy(hostId: string): Refusal {
  return new Refusal("BUSY", "the host is being changed by others; nothing was changed, send the same call again", {
    resource: { type: "User", name: hostId },
    retryAfterMs: 200,
  });
}
