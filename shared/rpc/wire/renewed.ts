/**
 * A connection to a peer that is replaced from time to time. All calls to a service go out on one connection, and a load
 * balancer that balances connections would never send anything to a replica that has come later.
 */

import { monotonicMs } from "../../clock.ts";
import type { PeerSessions } from "./peer-sessions.ts";
import { scattered } from "./scattered.ts";

export interface Renewed {
  /** The connection for the next call. */
  current(): PeerSessions;
  close(): void;
}

/** `open` makes one that connects with its first call. It is renewed when a call comes after `ageMs`, or up to half as much again. */
export function renewed(open: () => PeerSessions, ageMs: number): Renewed {
  const all = new Set<PeerSessions>();
  const opened = (): PeerSessions => {
    const sessions = open();
    all.add(sessions);
    return sessions;
  };
  let current = opened();
  let renewAt = monotonicMs() + scattered(ageMs);
  let isRenewing = false;

  /** The new one is connected before it takes the place of the old one: no call waits for that, nor fails by it. */
  const renew = async (): Promise<void> => {
    isRenewing = true;
    const next = opened();
    const left = current;
    if (await next.isAnswered()) {
      current = next;
      left.retire(() => all.delete(left));
    } else {
      next.abort();
      all.delete(next);
    }
    renewAt = monotonicMs() + scattered(ageMs);
    isRenewing = false;
  };
  return {
    current() {
      if (!isRenewing && monotonicMs() >= renewAt) void renew();
      return current;
    },
    close() {
      for (const sessions of all) sessions.abort();
      all.clear();
    },
  };
}
