import { DatabaseError } from "pg";
import { expect, test } from "vitest";
import { isConnectionLost, ReadOnlyServer } from "./sqlstate.ts";

function serverError(state: string): DatabaseError {
  return Object.assign(new DatabaseError("what the server says", 0, "error"), { code: state, severity: "FATAL" });
}

// Shut down, crashed, starting up, idle for too long (outside a transaction and in one), none left, and a server without writes.
test.each(["57P01", "57P02", "57P03", "57P05", "25P03", "53300", "25006", "08006", "08P01"])(
  "%s is the loss of the connection",
  (state) => expect(isConnectionLost(serverError(state))).toBe(true),
);

// A lock that was not had, a deadlock, a constraint, a cancelled statement, and what is wrong with a statement itself.
test.each(["55P03", "40P01", "40001", "23505", "57014", "42P01", "22012"])("%s is not", (state) =>
  expect(isConnectionLost(serverError(state))).toBe(false),
);

test("whoever connects to a server without writes has none", () => {
  expect(isConnectionLost(new ReadOnlyServer())).toBe(true);
  // As MikroORM passes it on.
  expect(isConnectionLost(Object.assign(new Error("wrapped"), { code: "EREADONLY" }))).toBe(true);
});
