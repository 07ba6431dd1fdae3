/** Who may call UserService: a part of `access-table.ts`. */

import { randomUUID } from "node:crypto";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import type { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { type Call, ofHost, type Table } from "./access-rows.ts";
import type { Clients } from "./clients.ts";

export const users: Table<typeof UserService> = {
  //                   nobody, host, another, guest, another, admin, booking, availability
  createUser: { "": ["? - - - - + - ?", async () => (as) => as.users.createUser(somebody())] },
  getUser: {
    " of the host": [
      "? + + + + + + ?",
      async ({ hostId }) =>
        (as) =>
          as.users.getUser({ userId: hostId }),
    ],
    // Whom the host has as a guest, and others.
    " of the guest": [
      "? + 0 + 0 + + ?",
      async ({ hostId, guestId, clients, nextSlot }) => {
        await clients.bookings.createBooking({ hostId, guestId, ...nextSlot() });
        return (as) => as.users.getUser({ userId: guestId });
      },
    ],
    " of another guest": ["? 0 0 0 0 + + ?", toAnother((as, userId) => as.users.getUser({ userId }))],
  },
  listUsers: {
    "": ["? + + + + + - ?", async () => (as) => as.users.listUsers({ pageSize: 1 })],
    " who are guests": ["? - - - - + - ?", async () => (as) => as.users.listUsers({ role: Role.USER, pageSize: 1 })],
  },
  lookupUser: { "": ["? - - - - + - ?", toAnother((as, _userId, { email }) => as.users.lookupUser({ email }))] },
  resolveSubject: { "": ["? - - - - - + ?", toAnother((as, subject) => as.users.resolveSubject({ subject }))] },
  updateUser: {
    " of the host": ["? + - - - + - ?", ofHost((as, userId) => as.users.updateUser({ userId, displayName: "Ada" }))],
    " of the guest": [
      "? - - + - + - ?",
      async ({ guestId: userId }) =>
        (as) =>
          as.users.updateUser({ userId, displayName: "Bob" }),
    ],
    ", the external id of the host": [
      "? - - - - + - ?",
      ofHost((as, userId) => as.users.updateUser({ userId, externalId: randomUUID() })),
    ],
  },
  deactivateUser: { "": ["? - - - - + - ?", toAnother((as, userId) => as.users.deactivateUser({ userId }))] },
  reactivateUser: { "": ["? - - - - + - ?", toAnother((as, userId) => as.users.reactivateUser({ userId }))] },
  eraseUser: { "": ["? - - - - + - ?", toAnother((as, userId) => as.users.eraseUser({ userId }))] },
};

/** A call about a guest whom none of the callers has anything to do with. */
function toAnother(call: (as: Clients, userId: string, made: ReturnType<typeof somebody>) => Promise<unknown>): Call {
  return async ({ clients }) => {
    const made = somebody();
    const { user } = await clients.users.createUser(made);
    return (as) => call(as, user!.id, made);
  };
}

function somebody() {
  return { email: `${randomUUID()}@example.com`, displayName: "Somebody", role: Role.USER };
}
