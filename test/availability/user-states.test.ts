/** DeactivateUser, ReactivateUser and EraseUser as far as Availability itself goes: no server is at Booking's address. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Role, type User, UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import { hours } from "../support/hosts-time.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";

let replicas: Replicas;
let clients: Replicas["clients"][number];
let ada: User;
const ghost = "01900000-0000-7000-8000-000000000001";

beforeAll(async () => {
  replicas = await startReplicas(1);
  clients = replicas.clients[0]!;
});
afterAll(() => replicas.stop());

beforeEach(async () => {
  const email = `${randomUUID()}@Example.org`;
  const made = { email, displayName: `Ada ${randomUUID()}`, role: Role.HOST, externalId: `auth0|${randomUUID()}` };
  ada = (await clients.users.createUser(made)).user!;
});

const deactivate = (userId = ada.id) => clients.users.deactivateUser({ userId });
const reactivate = (userId = ada.id) => clients.users.reactivateUser({ userId });
const erase = (userId = ada.id) => clients.users.eraseUser({ userId });

/** What Booking is still to be told, as stored. */
async function versionsOf(userId: string): Promise<unknown> {
  const { rows } = await replicas.pool.query("select version, told_version from users where id = $1", [userId]);
  return rows[0];
}

/** Every row of every table, as text. */
async function everything(): Promise<string> {
  const tables = await replicas.pool.query<{ name: string }>(
    "select format('%I', tablename) as name from pg_tables where schemaname = 'public'",
  );
  const rows = tables.rows.map(({ name }) =>
    replicas.pool.query<object>(`select row_to_json(each) from ${name} as each`),
  );
  return JSON.stringify((await Promise.all(rows)).map((result) => result.rows));
}

describe("a user's state", () => {
  test("changes at once, although Booking does not answer, and waits to be told to it", async () => {
    const deactivated = { ...ada, state: UserState.DEACTIVATED, etag: '"2"' };
    expect(await deactivate()).toMatchObject({ user: deactivated, complete: false });
    expect((await clients.users.getUser({ userId: ada.id })).user).toEqual(deactivated);
    expect(await versionsOf(ada.id)).toEqual({ version: 2, told_version: 1 });
    expect(await reactivate()).toMatchObject({ user: { ...ada, etag: '"3"' }, complete: false });
    expect(await versionsOf(ada.id)).toEqual({ version: 3, told_version: 1 });
  });

  test("that it has already is not changed; the answer is still whether Booking has done its part", async () => {
    expect(await reactivate()).toMatchObject({ user: ada, complete: true });
    await deactivate();
    expect(await deactivate()).toMatchObject({ user: { etag: '"2"' }, complete: false });
    await erase();
    expect(await erase()).toMatchObject({ user: { etag: '"3"' }, complete: false });
  });

  test("waits to be told, whatever else changes meanwhile; a name by itself does not concern Booking", async () => {
    await clients.users.updateUser({ userId: ada.id, displayName: "Ada" });
    expect(await versionsOf(ada.id)).toEqual({ version: 2, told_version: 2 });
    await deactivate();
    await clients.users.updateUser({ userId: ada.id, displayName: "Ada L." });
    expect(await versionsOf(ada.id)).toEqual({ version: 4, told_version: 2 });
  });

  test("and an external id concern Booking alike", async () => {
    await clients.users.updateUser({ userId: ada.id, externalId: randomUUID() });
    expect(await versionsOf(ada.id)).toEqual({ version: 2, told_version: 1 });
  });

  test("of nobody is not there", async () => {
    expect(await outcomeOf(deactivate(ghost))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(reactivate(ghost))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(erase(ghost))).toBe("USER_NOT_FOUND");
  });
});

describe("a host that is deactivated", () => {
  test("is found by its names, and keeps and changes its open time", async () => {
    await openTime(clients, ada.id, hours(8, 10));
    await deactivate();
    expect((await clients.users.lookupUser({ email: ada.email })).user).toMatchObject({ id: ada.id });
    await openTime(clients, ada.id, hours(10, 12));
    const window = { startTime: timestampFromMs(hours(0, 1).start), endTime: timestampFromMs(hours(23, 24).end) };
    const { availabilities } = await clients.availability.listAvailability({ hostId: ada.id, ...window });
    expect(availabilities).toHaveLength(1);
  });
});

describe("who is erased", () => {
  test("is an id without a name, and nothing personal of it is left in any table", async () => {
    await openTime(clients, ada.id, hours(8, 10));
    const { user } = await erase();
    const bare = { id: ada.id, role: Role.HOST, state: UserState.ERASED, createTime: ada.createTime!, etag: '"2"' };
    expect(user).toMatchObject({ ...bare, email: "", displayName: "", externalId: "" });
    expect((await clients.users.getUser({ userId: ada.id })).user).toEqual(user);
    const left = (await everything()).toLowerCase();
    expect(left).toContain(ada.id);
    for (const personal of [ada.email, ada.displayName, ada.externalId])
      expect(left).not.toContain(personal.toLowerCase());
  });

  test("is found by no name, and its names may be another's", async () => {
    await erase();
    expect(await outcomeOf(clients.users.lookupUser({ email: ada.email }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(clients.users.lookupUser({ externalId: ada.externalId }))).toBe("USER_NOT_FOUND");
    const { email, externalId } = ada;
    const again = { email, externalId, displayName: "Ada again", role: Role.USER };
    expect(await outcomeOf(clients.users.createUser(again))).toBe("accepted");
  });

  test("stays erased", async () => {
    await erase();
    expect(await outcomeOf(deactivate())).toBe("USER_ERASED");
    expect(await outcomeOf(reactivate())).toBe("USER_ERASED");
    expect(await outcomeOf(clients.users.updateUser({ userId: ada.id, displayName: "Ada" }))).toBe("USER_ERASED");
    const asId = { email: `${randomUUID()}@example.org`, displayName: "Eve", role: Role.USER, externalId: ada.id };
    expect(await outcomeOf(clients.users.createUser(asId))).toBe("EXTERNAL_ID_TAKEN");
  });

  test("is no host any more", async () => {
    await openTime(clients, ada.id, hours(8, 10));
    await erase();
    const during = { startTime: timestampFromMs(hours(8, 9).start), endTime: timestampFromMs(hours(8, 9).end) };
    const hostId = ada.id;
    const { availability } = clients;
    expect(await outcomeOf(availability.listAvailability({ hostId, ...during }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(availability.getRules({ hostId }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(availability.addAvailability({ hostId, ...during, slotDurationMinutes: 30 }))).toBe(
      "USER_NOT_FOUND",
    );
    expect(await outcomeOf(replicas.asBooking.snapshotAvailability({ hostId, ...during }))).toBe("USER_NOT_FOUND");
  });
});
