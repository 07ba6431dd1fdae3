/**
 * Whom tokens name, as Availability says, remembered: nearly every call comes with a token, and must wait for nobody. What
 * is remembered of a user is dropped when Availability tells that the user has changed (`forget`, at every replica), and
 * after five minutes in any case.
 */

import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Claims } from "../../../shared/auth/claims.ts";
import { CallersOutOfReach, type FindTokenUser, type TokenUser } from "../../../shared/auth/identify.ts";
import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/time-units.ts";
import { type AvailabilityPeer, PEER_CALL_MAX_MS } from "./availability.ts";
import { Outage } from "./outage.ts";
import { shareAsks } from "./shared-asks.ts";

export interface Identities {
  /** Rejects with CallersOutOfReach if neither Availability nor our own database can tell. */
  readonly find: FindTokenUser;
  /** Drops what is remembered of a user, and what is being asked about anybody: the answer may be of before the change. */
  forget(userId: string): void;
  /**
   * Asks again about everybody: a change may have been missed. While Availability does not answer, what was known is all there
   * is, except that our own database is asked who is erased.
   */
  doubtAll(): void;
}

export interface IdentitySources {
  readonly peer: Pick<AvailabilityPeer, "resolveSubject">;
  /** The user whom a subject names by its id, as far as our own bookings tell; undefined if they do not. */
  readonly findHere: (claims: Claims, caller: Caller) => Promise<TokenUser | undefined>;
  /** Whether Availability has told us that the user is erased. */
  readonly isErasedHere: (userId: string, caller: Caller) => Promise<boolean>;
  readonly log: Logger;
}

const SUBJECTS_MAX = 50_000;
const REFUSED_MAX = 10_000;
/** That a subject is nobody's, or an erased user's, is remembered for so long: a caller without end would ask for each call. */
export const REFUSED_MS = SECOND_MS;
export const FRESH_MS = 5 * MINUTE_MS;
/** While Availability is out of reach, what was known stays good for so long. Without it, its outage would be ours at once. */
export const GRACE_MS = HOUR_MS;
const LOG_PAUSE_MS = 10 * SECOND_MS;

interface Known {
  readonly user: TokenUser;
  /** When the ask began; on the scale of `monotonicMs`, as is the next. */
  readonly askedAt: number;
  /** Since when our own database is known not to call the user erased. */
  checkedAt: number;
}

interface Refused {
  /** The erased user; undefined if there is none. */
  readonly user: TokenUser | undefined;
  readonly askedAt: number;
}

export function rememberIdentities({ peer, findHere, isErasedHere, log }: IdentitySources): Identities {
  const known = new LRUCache<string, Known>({ max: SUBJECTS_MAX, dispose: unlist });
  /** The subjects that were nobody's, or an erased user's, a moment ago. */
  const refused = new LRUCache<string, Refused>({ max: REFUSED_MAX });
  /** The subjects of each user that are in `known`: its id and its external id, and in other letters its id again. */
  const subjectsOf = new Map<string, Set<string>>();
  const asks = shareAsks<TokenUser>();
  const outage = new Outage();
  let forgottenAt = -Infinity;
  let doubtedAt = -Infinity;
  let loggedAt = -Infinity;

  function unlist({ user }: Known, subject: string): void {
    const subjects = subjectsOf.get(user.id);
    subjects?.delete(subject);
    if (subjects?.size === 0) subjectsOf.delete(user.id);
  }

  function remember(subject: string, entry: Known): void {
    known.set(subject, entry);
    const subjects = subjectsOf.get(entry.user.id) ?? new Set();
    subjectsOf.set(entry.user.id, subjects.add(subject));
  }

  /** Not for as long as what is good: somebody may be about to create the user. */
  function refuse(subject: string, user: TokenUser | undefined, askedAt: number): void {
    known.delete(subject);
    if (askedAt > Math.max(forgottenAt, doubtedAt)) refused.set(subject, { user, askedAt });
  }

  /** Has its whole time, whatever the caller has left: that the peer is down must not be said for a caller in a hurry. */
  async function ask(subject: string): Promise<TokenUser> {
    const askedAt = monotonicMs();
    try {
      const user = await outage.observe(() => peer.resolveSubject(subject, PEER_CALL_MAX_MS));
      if (user.isErased) refuse(subject, user, askedAt);
      // A change that was told meanwhile may be missing in the answer.
      else if (askedAt > forgottenAt) remember(subject, { user, askedAt, checkedAt: askedAt });
      return user;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.reason === "USER_NOT_FOUND") refuse(subject, undefined, askedAt);
      else logOutage(error);
      throw error;
    }
  }

  async function findAnew(claims: Claims, caller: Caller): Promise<TokenUser | undefined> {
    const { subject } = claims;
    try {
      return await asks.answer(subject, Math.max(forgottenAt, doubtedAt), caller, () => ask(subject));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.reason === "USER_NOT_FOUND" ? undefined : findWithoutPeer(claims, caller);
    }
  }

  /** Whether Availability answers again finds out the caller who cannot do without it, or else nobody waits for that. */
  function findInOutage(claims: Claims, caller: Caller): ReturnType<FindTokenUser> {
    if (outage.mayAsk) {
      if (remembered(claims) === undefined) return findAnew(claims, caller);
      // What comes of it is noted, and logged.
      ask(claims.subject).catch(() => undefined);
    }
    return findWithoutPeer(claims, caller);
  }

  function findWithoutPeer(claims: Claims, caller: Caller): TokenUser | Promise<TokenUser> {
    const old = remembered(claims);
    if (old === undefined) return findInDatabase(claims, caller);
    return old.checkedAt > doubtedAt ? old.user : checkAgain(claims.subject, old, caller);
  }

  function remembered({ subject }: Claims): Known | undefined {
    const entry = known.get(subject);
    return entry !== undefined && ageOf(entry) < GRACE_MS ? entry : undefined;
  }

  async function findInDatabase(claims: Claims, caller: Caller): Promise<TokenUser> {
    const { subject } = claims;
    const lookedAt = monotonicMs();
    const user = await findHere(claims, caller);
    if (user === undefined) throw new CallersOutOfReach();
    if (user.isErased) refuse(subject, user, lookedAt);
    else if (lookedAt > forgottenAt) {
      // As of an answer of Availability that is not fresh any more.
      remember(subject, { user, askedAt: lookedAt - FRESH_MS, checkedAt: lookedAt });
    }
    return user;
  }

  /** A replica that did not listen for a while may have missed an erasure that Booking has been told of. */
  async function checkAgain(subject: string, entry: Known, caller: Caller): Promise<TokenUser> {
    const { user } = entry;
    const lookedAt = monotonicMs();
    if (await isErasedHere(user.id, caller)) {
      const erased = { ...user, isErased: true };
      refuse(subject, erased, lookedAt);
      return erased;
    }
    entry.checkedAt = lookedAt;
    return user;
  }

  /** Once in a while, not for every caller. */
  function logOutage(why: Refusal): void {
    const now = monotonicMs();
    if (now - loggedAt < LOG_PAUSE_MS) return;
    loggedAt = now;
    log.warn({ err: why }, "availability cannot be asked whom tokens name; those that are known are used for a while");
  }

  return {
    find(claims, caller) {
      const turnedAway = refused.get(claims.subject);
      if (turnedAway !== undefined && monotonicMs() - turnedAway.askedAt < REFUSED_MS) return turnedAway.user;
      const found = known.get(claims.subject);
      if (found !== undefined && ageOf(found) < FRESH_MS && found.askedAt > doubtedAt) return found.user;
      return outage.isDown ? findInOutage(claims, caller) : findAnew(claims, caller);
    },
    forget(userId) {
      forgottenAt = monotonicMs();
      refused.clear();
      for (const subject of subjectsOf.get(userId) ?? []) known.delete(subject);
    },
    doubtAll() {
      doubtedAt = monotonicMs();
      refused.clear();
    },
  };
}

function ageOf({ askedAt }: Known): number {
  return monotonicMs() - askedAt;
}
