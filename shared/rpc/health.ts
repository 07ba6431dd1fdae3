/** grpc.health.v1 for a service: whether calls are worth sending here. */

import type { DescService } from "@bufbuild/protobuf";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { monotonicMs } from "../clock.ts";
import type { Health, HealthCheckResponse_ServingStatus } from "../gen/health/v1/health_pb.ts";
import { HealthCheckResponse_ServingStatus as Serving } from "../gen/health/v1/health_pb.ts";
import { SECOND_MS } from "../interval.ts";
import { StatusError } from "./errors.ts";
import type { Handlers } from "./handler.ts";

const ANSWER_MAX_AGE_MS = SECOND_MS;
const CHECK_TIMEOUT_MS = 2 * SECOND_MS;
const WATCH_INTERVAL_MS = SECOND_MS;

/** Whether the service can do its work. Rejecting means that it cannot. */
export type IsReady = (signal: AbortSignal) => Promise<boolean>;

/**
 * The state of health of a process. The answer of `isReady` is kept for a second, and those who ask meanwhile share one
 * check: a database that hangs must not be buried in questions whether it is well.
 */
export class HealthState {
  readonly #isReady: IsReady;
  readonly #log: Logger;
  readonly #draining = new AbortController();
  #check: { readonly answer: Promise<boolean>; staleAt: number } | undefined;

  constructor(isReady: IsReady, log: Logger) {
    this.#isReady = isReady;
    this.#log = log;
  }

  /** From now on the process is not serving, whatever `isReady` says. */
  drain(): void {
    this.#draining.abort();
  }

  /** Aborted when the process begins to end. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  async current(): Promise<HealthCheckResponse_ServingStatus> {
    const ready = await this.#ready();
    return ready && !this.#draining.signal.aborted ? Serving.SERVING : Serving.NOT_SERVING;
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

/** The health RPCs for the given services, which share one state; the empty name stands for all of them. */
export function healthHandlers(state: HealthState, services: readonly DescService[]): Handlers<typeof Health> {
  const names = ["", ...services.map((service) => service.typeName)];
  return {
    async check({ service }) {
      if (!names.includes(service)) throw new StatusError(status.NOT_FOUND, "there is no such service here");
      return { status: await state.current() };
    },
    async *watch({ service }, { signal }) {
      const known = names.includes(service);
      let told: HealthCheckResponse_ServingStatus | undefined;
      while (!signal.aborted) {
        const now = known ? await state.current() : Serving.SERVICE_UNKNOWN;
        if (now !== told) yield { status: now };
        told = now;
        await interval(state.draining.aborted ? signal : AbortSignal.any([signal, state.draining]));
      }
    },
    async list() {
      const now = await state.current();
      return { statuses: Object.fromEntries(names.map((name) => [name, { status: now }])) };
    },
  };
}

/** Until the next look, or until the signal gives a reason to look at once. */
async function interval(signal: AbortSignal): Promise<void> {
  await sleep(WATCH_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
}
