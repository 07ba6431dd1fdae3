/** A small service on real ports whose handlers do what the tests of the wire need, and a log that can be read. */

import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach } from "vitest";
import { z } from "zod";
import { OPEN } from "../../shared/auth/access.ts";
import { Refusal } from "../../shared/errors.ts";
import { type Role, RoleSchema } from "../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Call, Handlers } from "../../shared/rpc/handler.ts";
import { email, enumValue, parse, visibleText } from "../../shared/rpc/request/parse.ts";
import { UNLIMITED } from "../../shared/rpc/call/rate-limit.ts";
import { serve, type Served, type ServeOptions, serviceEntry } from "../../shared/service/serve.ts";
import { usersWith } from "./user-stubs.ts";

export type LogLine = Readonly<Record<string, unknown>>;

export interface WireService extends Served {
  readonly lines: readonly LogLine[];
  /** Every call that reached a handler. */
  readonly calls: readonly Call[];
  /** How many events each watcher was sent so far, by order of arrival. */
  readonly watched: readonly number[];
  readonly grpcUrl: string;
  readonly connectUrl: string;
}

const createUserRequest = z.object({ email, displayName: visibleText(200), role: enumValue<Role>(RoleSchema) });

/** What `GetUser` does for some ids. Any other id is not found. */
export const SLOW = "waits for its signal";
export const DEAF = "never ends";
export const BROKEN = "throws";
export const HUGE = "answers two mebibytes";

export async function startWireService(options: Partial<ServeOptions> = {}): Promise<WireService> {
  const lines: LogLine[] = [];
  const calls: Call[] = [];
  const watched: number[] = [];
  const log = pino(
    // The lines of probes too.
    { level: "debug" },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(JSON.parse(chunk.toString()) as LogLine);
        done();
      },
    }),
  );
  const served = await serve({
    services: [
      serviceEntry(UserService, userHandlers(calls), OPEN),
      serviceEntry(BookingService, bookingHandlers(calls, watched), OPEN),
    ],
    grpc: { host: "127.0.0.1", port: 0 },
    connect: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    authentication: { identify: nobodyIsAsked, tellsWhy: false },
    limits: UNLIMITED,
    reflection: true,
    errorDomain: "availability.v1",
    log,
    isReady: async () => true,
    drainPauseMs: 250,
    ...options,
  });
  const grpcUrl = `http://127.0.0.1:${served.grpcPort}`;
  const connectUrl = `http://127.0.0.1:${served.connectPort}`;
  return { ...served, lines, calls, watched, grpcUrl, connectUrl };
}

/** For a file of tests: starts such a service. After each test, the one that it has started last is stopped. */
export function startingWireServices(): typeof startWireService {
  let started: WireService | undefined;
  afterEach(async () => {
    await started?.stop();
    started = undefined;
  });
  return async (options) => (started = await startWireService(options));
}

/** All of it is open: these tests are about what is below authentication. */
function nobodyIsAsked(): never {
  throw new Error("a token was asked for");
}

function userHandlers(calls: Call[]): Handlers<typeof UserService> {
  return usersWith({
    async createUser(request, call) {
      calls.push(call);
      return { user: { id: "1", ...parse(createUserRequest, request) } };
    },
    async getUser({ userId }, call) {
      calls.push(call);
      switch (userId) {
        case SLOW:
          return new Promise((_, reject) => {
            call.signal.addEventListener("abort", () => reject(call.signal.reason as Error));
          });
        case DEAF:
          return new Promise(() => undefined);
        case BROKEN:
          throw new Error("relation users does not exist");
        case HUGE:
          return { user: { displayName: "x".repeat(2 * 1024 * 1024) } };
        default:
          throw new Refusal("USER_NOT_FOUND", "there is no such user", {
            resource: { type: "User", name: userId },
            retryAfterMs: 1_500,
          });
      }
    },
    async listUsers(_request, call) {
      calls.push(call);
      return { nextPageToken: String(Math.round(call.deadline - performance.now())) };
    },
  });
}

/** 64 KiB that compression hardly makes smaller: a thousand of what it does would fit into the buffers on the way. */
const LARGE = randomBytes(48 * 1024).toString("base64");

function bookingHandlers(calls: Call[], watched: number[]): Handlers<typeof BookingService> {
  const unused = (): Promise<never> => Promise.reject(new Error("not used by these tests"));
  return {
    listOpenSlots: unused,
    createBooking: unused,
    confirmBooking: unused,
    cancelBooking: unused,
    rescheduleBooking: unused,
    getBooking: unused,
    listBookings: unused,
    /** One event of 64 KiB after the other, while the client reads; `after_sequence` of them, if it is given. */
    async *watchBookings({ afterSequence }, call) {
      calls.push(call);
      const index = watched.push(0) - 1;
      for (let sequence = 1; sequence <= (afterSequence ?? Infinity) && !call.signal.aborted; sequence += 1) {
        watched[index] = sequence;
        yield { sequence: BigInt(sequence), event: { actor: LARGE } };
      }
    },
  };
}

const UNTIL_MAX_MS = 20_000;

/** Resolves once `condition` holds. Rejects if it does not come to hold: a loop would outlive its test. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + UNTIL_MAX_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
