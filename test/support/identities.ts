/** What Booking remembers of whom tokens name, with an Availability and a database that the test decides. */

import { pino } from "pino";
import { type Identities, rememberIdentities } from "../../services/booking/peers/identities.ts";
import type { Claims } from "../../shared/auth/claims.ts";
import type { TokenUser } from "../../shared/auth/identify.ts";
import { monotonicMs } from "../../shared/clock.ts";
import { Refusal } from "../../shared/errors.ts";
import { SECOND_MS } from "../../shared/time-units.ts";

/** Whom Availability knows at first, by its id and as "ada". */
export const ADA: TokenUser = { id: "01a20a9e-fa67-7f02-bcc1-d6992f517cd2", role: "USER", isErased: false };

export interface IdentitiesUnderTest {
  readonly identities: Identities;
  /** Whom Availability knows by which subject; undefined while it is out of reach. */
  peer: Map<string, TokenUser> | undefined;
  /** Whom Booking's database knows. */
  readonly here: Map<string, TokenUser>;
  /** Whom Booking's database calls erased. */
  readonly erasedHere: Set<string>;
  /** The subjects that Availability was asked about, and whom the database was. */
  readonly asked: string[];
  readonly looked: string[];
  /** Of the log. */
  readonly lines: string[];
  /** Holds back the answers to what is asked from now on. */
  holdBack: Promise<void> | undefined;
  /** What is found at once, or in the end, or how that fails. */
  readonly find: (subject: string) => Promise<TokenUser | undefined | string>;
  readonly findsAtOnce: (subject: string) => boolean;
}

export function identitiesUnderTest(): IdentitiesUnderTest {
  const lines: string[] = [];
  const identities = rememberIdentities({
    peer: {
      async resolveSubject(subject) {
        world.asked.push(subject);
        const known = world.peer;
        await world.holdBack;
        if (known === undefined) throw new Refusal("PEER_UNAVAILABLE", "gone");
        const user = known.get(subject);
        if (user === undefined) throw new Refusal("USER_NOT_FOUND", "nobody");
        return user;
      },
    },
    async findHere({ subject }) {
      world.looked.push(subject);
      const known = world.here.get(subject);
      await world.holdBack;
      return known;
    },
    async isErasedHere(userId) {
      world.looked.push(userId);
      const isErased = world.erasedHere.has(userId);
      await world.holdBack;
      return isErased;
    },
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  });
  const find = (subject: string): ReturnType<Identities["find"]> => {
    const claims: Claims = { issuer: "i", subject, roles: ["USER"], expireTime: Infinity, identity: undefined };
    return identities.find(claims, { deadline: monotonicMs() + SECOND_MS, signal: new AbortController().signal });
  };
  const world: IdentitiesUnderTest = {
    identities,
    peer: new Map([
      ["ada", ADA],
      [ADA.id, ADA],
    ]),
    here: new Map(),
    erasedHere: new Set(),
    asked: [],
    looked: [],
    lines,
    holdBack: undefined,
    find: async (subject) => Promise.resolve(find(subject)).catch(({ name }: Error) => name),
    findsAtOnce(subject) {
      const found = find(subject);
      if (!(found instanceof Promise)) return true;
      found.catch(() => undefined);
      return false;
    },
  };
  return world;
}
