/** grpc.health.v1 for a service: whether calls are worth sending here, and, by a name of its own, whether the process runs. */

import type { DescService } from "@bufbuild/protobuf";
import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { monotonicMs } from "../../clock.ts";
import {
  type Health,
  type HealthCheckResponse_ServingStatus,
  HealthCheckResponse_ServingStatus as Serving,
} from "../../gen/health/v1/health_pb.ts";
import { SECOND_MS } from "../../time-units.ts";
import { StatusError } from "../../status-error.ts";
import type { Handlers } from "../handler.ts";

/**
 * The name under which the process is SERVING as long as it answers, without its database and while it drains. Who restarts
 * processes asks for this one: a restart brings no database back, and would cut off calls that drain.
 */
export const LIVENESS = "liveness";

const ANSWER_MAX_AGE_MS = SECOND_MS;
const CHECK_TIMEOUT_MS = 2 * SECOND_MS;
const WATCH_INTERVAL_MS = SECOND_MS;

type Status = HealthCheckResponse_ServingStatus;

/** Whether the service can do its work. Rejecting means that it cannot. */
export type IsReady = (signal: AbortSignal) => Promise<boolean>;

/**
 * The state of health of a process. The answer of `isReady` is kept for a second, and those who ask meanwhile share one
 * check: a database that hangs must not get a check for every caller. Callers that watch share one look a second.
 */
export class HealthState {
  readonly #isReady: IsReady;
  readonly #log: Logger;
  #draining = false;
  #check: { readonly answer: Promise<boolean>; staleAt: number } | undefined;
  /** The watches that wait for a change, each with the status that its client was told last. */
  readonly #sleepers = new Map<() => void, Status>();
  #looking: NodeJS.Timeout | undefined;

  constructor(isReady: IsReady, log: Logger) {
    this.#isReady = isReady;
    this.#log = log;
  }

  /** From now on the process is not serving, whatever `isReady` says. */
  drain(): void {
    this.#draining = true;
    this.#wake(Serving.NOT_SERVING);
  }

  async current(): Promise<Status> {
    const ready = await this.#ready();
    return ready && !this.#draining ? Serving.SERVING : Serving.NOT_SERVING;
  }

  /** Resolves when the state is not `told` any more, or `signal` aborts. */
  async changed(told: Status, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (this.#draining && told !== Serving.NOT_SERVING)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.set(resolve, told);
    signal.addEventListener("abort", () => resolve(), { once: true });
    this.#looking ??= setInterval(() => void this.current().then((now) => this.#wake(now)), WATCH_INTERVAL_MS).unref();
    await promise;
    this.#sleepers.delete(resolve);
    if (this.#sleepers.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #wake(now: Status): void {
    for (const [wake, told] of this.#sleepers) if (told !== now) wake();
  }

  #ready(): Promise<boolean> {
    if (this.#check !== undefined && monotonicMs() < this.#check.staleAt) return this.#check.answer;
    const check = { answer: this.#ask(), staleAt: Infinity };
    // Its age counts from the answer on: a check that takes longer than it is kept would otherwise pile up.
    void check.answer.finally(() => (check.staleAt = monotonicMs() + ANSWER_MAX_AGE_MS));
    this.#check = check;
    return check.answer;
  }

  async #ask(): Promise<boolean> {
    const timeout = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const late = new Promise<never>((_, reject) => {
      timeout.addEventListener("abort", () => reject(timeout.reason as Error), { once: true });
    });
    try {
      return await Promise.race([this.#isReady(timeout), late]);
    } catch (cause) {
      this.#log.warn({ err: cause }, "not ready");
      return false;
    }
  }
}

/** The health RPCs for the given services, which share one state; the empty name stands for all of them, `LIVENESS` for the process. */
export function healthHandlers(state: HealthState, services: readonly DescService[]): Handlers<typeof Health> {
  const names = ["", ...services.map((service) => service.typeName)];
  return {
    async check({ service }) {
      if (service === LIVENESS) return { status: Serving.SERVING };
      if (!names.includes(service)) throw new StatusError(status.NOT_FOUND, "there is no such service here");
      return { status: await state.current() };
    },
    async *watch({ service }, { signal }) {
      if (!names.includes(service)) {
        // The protocol wants no error for a stranger: the name might become known. None does while a process lives.
        yield { status: service === LIVENESS ? Serving.SERVING : Serving.SERVICE_UNKNOWN };
        await aborted(signal);
      }
      let told: Status | undefined;
      while (!signal.aborted) {
        const now = await state.current();
        if (now !== told) yield { status: now };
        told = now;
        await state.changed(now, signal);
      }
    },
    async list() {
      const now = await state.current();
      const statuses = Object.fromEntries(names.map((name) => [name, { status: now }]));
      return { statuses: { ...statuses, [LIVENESS]: { status: Serving.SERVING } } };
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
