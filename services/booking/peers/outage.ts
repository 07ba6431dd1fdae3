/**
 * Whether a peer answers. While it does not, one ask at a time finds out whether it does again: a peer that is silent costs each
 * ask its whole time, and callers who can do without the answer must not wait for that one after another.
 */

import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { SECOND_MS } from "../../../shared/time-units.ts";

/** Between the end of an ask that failed and the next one. */
export const COOLDOWN_MS = SECOND_MS;

export class Outage {
  #isDown = false;
  #answeredAt = -Infinity;
  #failedAt = -Infinity;
  #probing = false;

  /** Whether the last ask that ended was not answered. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Whether the peer may be asked now. */
  get mayAsk(): boolean {
    return !this.#isDown || (!this.#probing && monotonicMs() - this.#failedAt >= COOLDOWN_MS);
  }

  /** Settles as `ask` does, and learns from it. An ask that gives up before the peer had its time must not come here. */
  async observe<T>(ask: () => Promise<T>): Promise<T> {
    const begunAt = monotonicMs();
    const isProbe = this.#isDown;
    if (isProbe) this.#probing = true;
    try {
      const answer = await ask();
      this.#answered();
      return answer;
    } catch (error) {
      if (error instanceof Refusal && error.reason === "PEER_UNAVAILABLE") this.#failed(begunAt);
      else this.#answered();
      throw error;
    } finally {
      if (isProbe) this.#probing = false;
    }
  }

  #answered(): void {
    this.#isDown = false;
    this.#answeredAt = monotonicMs();
  }

  #failed(begunAt: number): void {
    // Another ask was answered since: it tells what is newer.
    if (begunAt < this.#answeredAt) return;
    this.#isDown = true;
    this.#failedAt = monotonicMs();
  }
}
