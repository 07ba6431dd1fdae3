import { randomUUID } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Role, UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import { outcomeOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";

let replicas: Replicas;
let users: Replicas["clients"][number]["users"];

const somebody = () => ({ email: `${randomUUID()}@example.org`, displayName: "Somebody", role: Role.USER });

beforeAll(async () => {
  replicas = await startReplicas(1);
  users = replicas.clients[0]!.users;
});

afterAll(async () => {
  await replicas.stop();
});

test("a user that is created can be read", async () => {
  const before = Date.now();
  const asked = { email: "Ada@Example.org", displayName: "Ada 👩‍💻", role: Role.HOST, externalId: "auth0|Ada" };
  const { user } = await users.createUser(asked);
  expect(user).toMatchObject({ ...asked, state: UserState.ACTIVE, etag: '"1"' });
  expect(timestampMs(user!.createTime!)).toBeGreaterThanOrEqual(before - 1000);
  expect(await users.getUser({ userId: user!.id })).toMatchObject({ user });
});

test("an e-mail address belongs to one user, letter case ignored, also when 16 want it at once", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 16 }, (_, one) => {
      const email = one % 2 === 0 ? "jos\u00E9@example.org" : "JOSE\u0301@EXAMPLE.org";
      return outcomeOf(users.createUser({ email, displayName: "Somebody", role: Role.USER }));
    }),
  );
  expect(outcomes.toSorted()).toEqual([...Array.from({ length: 15 }, () => "EMAIL_TAKEN"), "accepted"]);
});

test("an external id belongs to one user, letter case not ignored, also when 16 want it at once", async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 16 }, (_, one) => {
      const externalId = one === 0 ? "SUB" : "sub";
      return outcomeOf(users.createUser({ ...somebody(), externalId }));
    }),
  );
  const taken = Array.from({ length: 14 }, () => "EXTERNAL_ID_TAKEN");
  expect(outcomes.toSorted()).toEqual([...taken, "accepted", "accepted"]);
});

test("an external id is not another user's id, in any letter case", async () => {
  const { user } = await users.createUser(somebody());
  const asId = { ...somebody(), externalId: user!.id.toUpperCase() };
  expect(await outcomeOf(users.createUser(asId))).toBe("EXTERNAL_ID_TAKEN");
  // Nobody's id is an external id like any other: some identity providers call people by UUIDs.
  expect(await outcomeOf(users.createUser({ ...somebody(), externalId: randomUUID() }))).toBe("accepted");
});

test("a user who does not exist is not found", async () => {
  expect(await outcomeOf(users.getUser({ userId: "01900000-0000-7000-8000-000000000001" }))).toBe("USER_NOT_FOUND");
});

describe("ListUsers", () => {
  const created: { readonly id: string; readonly role: Role }[] = [];

  beforeAll(async () => {
    await replicas.pool.query("truncate users cascade");
    for (let one = 0; one < 7; one += 1) {
      const role = one % 3 === 0 ? Role.HOST : Role.USER;
      const { user } = await users.createUser({ email: `${one}@example.org`, displayName: `User ${one}`, role });
      created.push({ id: user!.id, role });
    }
  });

  async function list(role: Role, pageSize: number): Promise<string[][]> {
    const pages: string[][] = [];
    let pageToken = "";
    do {
      const page = await users.listUsers({ role, pageSize, pageToken });
      pages.push(page.users.map((user) => user.id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return pages;
  }

  test("gives every user once, in pages, in the order of their ids, which begin with the time", async () => {
    const ids = created.map(({ id }) => id).toSorted();
    expect(await list(Role.UNSPECIFIED, 3)).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    expect(await list(Role.UNSPECIFIED, 7)).toEqual([ids]);
  });

  test("gives only users of a role", async () => {
    const hosts = created
      .filter(({ role }) => role === Role.HOST)
      .map(({ id }) => id)
      .toSorted();
    expect(await list(Role.HOST, 2)).toEqual([hosts.slice(0, 2), hosts.slice(2)]);
  });

  test("refuses a token of a list with another role", async () => {
    const { nextPageToken } = await users.listUsers({ role: Role.USER, pageSize: 1 });
    expect(await outcomeOf(users.listUsers({ role: Role.HOST, pageSize: 1, pageToken: nextPageToken }))).toBe(
      "INVALID_REQUEST",
    );
  });
});
