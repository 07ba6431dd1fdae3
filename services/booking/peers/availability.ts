/** Calls to the availability service, and what its refusals mean here. */

import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { TokenUser } from "../../../shared/auth/identify.ts";
import type { UserRole } from "../../../shared/auth/identity.ts";
import { Refusal } from "../../../shared/errors.ts";
import { AvailabilityService } from "../../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Rules as RulesMessage } from "../../../shared/gen/availability/v1/rules_pb.ts";
import { Role, UserState } from "../../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../../shared/gen/availability/v1/user_service_pb.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/time-units.ts";
import { peerUnavailable, reasonOf } from "../../../shared/rpc/client.ts";
import { tracedOption } from "../../../shared/rpc/traced-client.ts";
import type { Trace } from "../../../shared/trace.ts";
import type { Calendar } from "../domain/calendar.ts";
import { guestDeactivated } from "../domain/refusals.ts";
import type { Rules } from "../domain/rules.ts";

/** The longest that one call may take. What is left of the caller's deadline is the limit where it is less. */
export const PEER_CALL_MAX_MS = 2_000;

/** `trace`: of the call for which it is asked; undefined: of none. */
export interface AvailabilityPeer {
  /**
   * The host's calendar in a window, as committed after every removal that is under way. `generation` is the host's, noted
   * before. Throws Refusal USER_NOT_FOUND, NOT_A_HOST, BUSY, PEER_UNAVAILABLE.
   */
  snapshot(hostId: string, window: Interval, generation: number, timeoutMs: number, trace?: Trace): Promise<Calendar>;
  /** Returns if the user is a guest and active. Throws Refusal USER_NOT_FOUND, NOT_A_GUEST, GUEST_DEACTIVATED, PEER_UNAVAILABLE. */
  assertGuest(guestId: string, timeoutMs: number, trace?: Trace): Promise<void>;
  /** The user whom a token's subject names. Throws Refusal USER_NOT_FOUND, PEER_UNAVAILABLE. */
  resolveSubject(subject: string, timeoutMs: number): Promise<TokenUser>;
}

export function availabilityPeer(transport: Transport): AvailabilityPeer {
  const availability = createClient(AvailabilityService, transport);
  const users = createClient(UserService, transport);
  return {
    snapshot: (hostId, window, generation, timeoutMs, trace) =>
      snapshot(availability, { hostId, window, generation }, { timeoutMs, ...tracedOption(trace) }),
    assertGuest: (guestId, timeoutMs, trace) => assertGuest(users, guestId, { timeoutMs, ...tracedOption(trace) }),
    resolveSubject: (subject, timeoutMs) => resolveSubject(users, subject, timeoutMs),
  };
}

async function snapshot(
  client: Client<typeof AvailabilityService>,
  { hostId, window, generation }: { readonly hostId: string; readonly window: Interval; readonly generation: number },
  options: CallOptions,
): Promise<Calendar> {
  const request = {
    hostId,
    startTime: timestampFromMs(window.start),
    endTime: timestampFromMs(window.end),
    generation: BigInt(generation),
  };
  const answer = await asked(client.snapshotAvailability(request, options), hostId);
  // The echo tells an answer to this question from any other.
  const { rules, coveredEndTime } = answer;
  if (answer.generation !== request.generation || coveredEndTime === undefined || rules === undefined) {
    throw peerUnavailable("availability", new Error("the answer does not belong to the question"));
  }
  return {
    generation,
    covered: { start: window.start, end: timestampMs(coveredEndTime) },
    intervals: answer.intervals.map(({ startTime, endTime, gridOriginTime }) => ({
      start: instantOf(startTime),
      end: instantOf(endTime),
      origin: instantOf(gridOriginTime),
    })),
    rules: rulesFrom(rules),
  };
}

function rulesFrom(rules: RulesMessage): Rules {
  return {
    slotMs: rules.slotDurationMinutes * MINUTE_MS,
    noticeMs: rules.minimumNoticeMinutes * MINUTE_MS,
    horizonMs: rules.horizonDays === 0 ? Infinity : rules.horizonDays * DAY_MS,
    bufferBeforeMs: rules.bufferBeforeMinutes * MINUTE_MS,
    bufferAfterMs: rules.bufferAfterMinutes * MINUTE_MS,
    seats: rules.seats,
  };
}

/** A time that is missing is equal to none, before none and after none. */
function instantOf(time: Timestamp | undefined): Instant {
  return time === undefined ? Number.NaN : timestampMs(time);
}

async function assertGuest(client: Client<typeof UserService>, guestId: string, options: CallOptions): Promise<void> {
  const { user } = await asked(client.getUser({ userId: guestId }, options), guestId);
  if (user?.state === UserState.ERASED) throw userNotFound(guestId);
  if (user?.role !== Role.USER) {
    throw new Refusal("NOT_A_GUEST", "the guest_id is not of a user with the role USER", {
      resource: { type: "User", name: guestId },
    });
  }
  if (user.state === UserState.DEACTIVATED) throw guestDeactivated(guestId);
}

async function resolveSubject(
  client: Client<typeof UserService>,
  subject: string,
  timeoutMs: number,
): Promise<TokenUser> {
  try {
    const { userId, role, state } = await client.resolveSubject({ subject }, { timeoutMs });
    return { id: userId, role: userRole(role), isErased: state === UserState.ERASED };
  } catch (error) {
    const reason = reasonOf(error);
    // What Availability does not take for a subject, no user has.
    if (reason === "USER_NOT_FOUND" || reason === "INVALID_REQUEST") {
      throw new Refusal("USER_NOT_FOUND", "no user has this id or external_id");
    }
    throw peerUnavailable("availability", error);
  }
}

function userRole(role: Role): UserRole {
  if (role === Role.HOST) return "HOST";
  if (role === Role.USER) return "USER";
  // A role that is newer than this service: nobody knows what it may do here.
  throw new Error(`the user has a role that is not known here: ${role}`);
}

/** The answer of a call about a user, or the refusal that its error means to our own caller. */
async function asked<T>(answer: Promise<T>, userId: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const resource = { type: "User", name: userId };
    switch (reasonOf(error)) {
      case "USER_NOT_FOUND":
        throw userNotFound(userId);
      case "NOT_A_HOST":
        throw new Refusal("NOT_A_HOST", "the host_id is not of a user with the role HOST", { resource });
      case "BUSY":
        throw new Refusal("BUSY", "the host's availability is being changed; nothing was changed", {
          resource,
          retryAfterMs: 200,
        });
      default:
        throw peerUnavailable("availability", error);
    }
  }
}

function userNotFound(userId: string): Refusal {
  return new Refusal("USER_NOT_FOUND", "there is no such user", { resource: { type: "User", name: userId } });
}
