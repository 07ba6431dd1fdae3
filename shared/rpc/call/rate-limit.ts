/**
 * How much one caller may ask of this replica, so that no caller takes the whole service. Counted in memory: each replica
 * counts for itself, so a caller gets the rate once per replica, and a restart forgets. A shared count would cost every call
 * a round trip, and would be one more thing whose failure stops bookings.
 */

import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "../../errors.ts";
import { SECOND_MS } from "../../time-units.ts";
import type { OpenCall } from "./open-call.ts";
import { type CallClass, type Quota, WINDOW_SECONDS } from "./quota.ts";
import type { Route } from "../route.ts";

/** What one subject may do. 0: no limit. */
export interface CallLimits {
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  readonly streamStartsPerSecond: number;
  /** Streams that are open at the same time. */
  readonly openStreams: number;
}

export const UNLIMITED: CallLimits = {
  readsPerSecond: 0,
  writesPerSecond: 0,
  streamStartsPerSecond: 0,
  openStreams: 0,
};

/**
 * Notes in the call what its caller has left, and counts a stream until its call closes. Rejects with Refusal RATE_LIMITED.
 * For a call whose caller is known. One who is refused anyway is counted by `refused`, and opens no stream.
 */
export type Limit = (route: Route, call: OpenCall, refused?: string) => Promise<void>;

/** Open streams of all callers without a token together: of those who watch health or ask for the contract. */
export const STREAMS_OF_NOBODY_MAX = 256;

/** When to try again if too many streams are open. When one of them ends cannot be known. */
const STREAM_RETRY_MS = 5 * SECOND_MS;

export function createLimit(limits: CallLimits): Limit {
  const buckets: Readonly<Record<CallClass, RateLimiterMemory | undefined>> = {
    read: bucketOf(limits.readsPerSecond),
    write: bucketOf(limits.writesPerSecond),
    "stream-start": bucketOf(limits.streamStartsPerSecond),
  };
  const openStreams = new Map<string, number>();
  return async (route, call, refused) => {
    const { role, subject } = call.identity;
    // A caller that is refused here waits for its RetryInfo. A fence must not wait: the removal behind it holds the host's lock.
    if (role === "SERVICE") return;
    // Callers without a token have no subject to count by: their calls cost little, and all their streams count as one caller's.
    const isAnybody = role === "NOBODY" && refused === undefined;
    const callClass = classOf(route);
    const bucket = isAnybody ? undefined : buckets[callClass];
    if (bucket !== undefined) call.quota = await draw(bucket, callClass, call, refused ?? subject);
    if (refused !== undefined) return;
    const openMax = isAnybody ? STREAMS_OF_NOBODY_MAX : limits.openStreams;
    if (route.kind !== "unary" && openMax > 0) countStream(openStreams, openMax, call, subject);
  };
}

function bucketOf(perSecond: number): RateLimiterMemory | undefined {
  if (perSecond === 0) return undefined;
  return new RateLimiterMemory({ keyPrefix: "", points: perSecond * WINDOW_SECONDS, duration: WINDOW_SECONDS });
}

/** The contract says of each method whether it changes anything. What it says nothing of counts as a write. */
function classOf({ kind, method }: Route): CallClass {
  if (kind !== "unary") return "stream-start";
  return method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ? "read" : "write";
}

async function draw(bucket: RateLimiterMemory, callClass: CallClass, call: OpenCall, subject: string): Promise<Quota> {
  const quotaOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes): Quota => {
    return { callClass, perWindow: bucket.points, remaining: remainingPoints, resetMs: msBeforeNext };
  };
  try {
    return quotaOf(await bucket.consume(subject));
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    call.quota = quotaOf(thrown);
    throw new Refusal("RATE_LIMITED", "too many calls; nothing was changed", { retryAfterMs: thrown.msBeforeNext });
  }
}

function countStream(openStreams: Map<string, number>, max: number, call: OpenCall, subject: string): void {
  // A call that has closed while its caller was looked up would never be taken off the count again.
  if (call.interruption !== undefined) throw call.interruption;
  const open = openStreams.get(subject) ?? 0;
  if (open >= max) {
    throw new Refusal("RATE_LIMITED", `no more than ${max} streams may be open`, { retryAfterMs: STREAM_RETRY_MS });
  }
  openStreams.set(subject, open + 1);
  call.onClose = () => {
    const left = (openStreams.get(subject) ?? 0) - 1;
    if (left > 0) openStreams.set(subject, left);
    // Kept at 0, every subject that ever watched would stay in memory.
    else openStreams.delete(subject);
  };
}
