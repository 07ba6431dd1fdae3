/** What the types forbid. `tsc` reports an `@ts-expect-error` that has nothing to forbid, and `npm run check` runs `tsc`. */

import { pino } from "pino";
import { expect, test } from "vitest";
import { type Access, OPEN } from "../../shared/auth/access.ts";
import { userAccess } from "../../services/availability/rpc/access.ts";
import { Refusal } from "../../shared/errors.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import type { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Handlers } from "../../shared/rpc/handler.ts";
import { routesOf } from "../../shared/rpc/route.ts";
import { serviceEntry } from "../../shared/service/serve.ts";

const answer = async () => ({});
const users: Handlers<typeof UserService> = {
  createUser: answer,
  getUser: answer,
  listUsers: answer,
  lookupUser: answer,
  resolveSubject: answer,
  updateUser: answer,
  deactivateUser: answer,
  reactivateUser: answer,
  eraseUser: answer,
};

test("an RPC that is forgotten does not compile, and does not start either", () => {
  const { getUser: _forgotten, ...rest } = users;
  // @ts-expect-error getUser is missing
  const incomplete: Handlers<typeof UserService> = rest;
  // @ts-expect-error here too, where a service's handlers are put together
  const entry = serviceEntry(UserService, rest, OPEN);
  expect(incomplete).toBe(rest);
  expect(() => routesOf(entry, pino({ level: "silent" }))).toThrow("GetUser has no handler");
});

test("an RPC of which nothing says who may call it does not compile, and does not start either", () => {
  const { getUser: _unnamed, ...others } = userAccess;
  // @ts-expect-error getUser is missing
  const incomplete: Access<typeof UserService> = others;
  const entry = serviceEntry(UserService, users, incomplete);
  expect(() => routesOf(entry, pino({ level: "silent" }))).toThrow("nothing says who may call");
});

test("a handler of another service, or of another kind, does not compile", () => {
  // @ts-expect-error the users' handlers do not answer for bookings
  const ofAnother: Handlers<typeof BookingService> = users;
  const streams: Pick<Handlers<typeof BookingService>, "watchBookings"> = {
    // @ts-expect-error a stream is no single answer
    watchBookings: async () => ({}),
  };
  expect([ofAnother, streams]).toHaveLength(2);
});

test("a refusal for a reason that no contract has does not compile", () => {
  // @ts-expect-error the list of reasons is closed
  expect(new Refusal("BAD_LUCK", "it rains")).toBeInstanceOf(Error);
});
