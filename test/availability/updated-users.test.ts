/** UpdateUser and LookupUser. */

import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Role, type User } from "../../shared/gen/availability/v1/user_pb.ts";
import type { UpdateUserRequestSchema } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { connectClients } from "../support/clients.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";
import { admin, tokenSource } from "../support/tokens.ts";

let replicas: Replicas;
let users: Replicas["clients"][number]["users"];
let ada: User;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  replicas = await startReplicas(1);
  users = replicas.clients[0]!.users;
});
afterAll(() => replicas.stop());

beforeEach(async () => {
  const email = `${randomUUID()}@Example.org`;
  const created = await users.createUser({ email, displayName: "Ada", role: Role.HOST, externalId: randomUUID() });
  ada = created.user!;
});
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
});

type Asked = Omit<MessageInitShape<typeof UpdateUserRequestSchema>, "userId" | "$typeName" | "$unknown">;

async function update(asked: Asked): Promise<User> {
  const { user } = await users.updateUser({ userId: ada.id, ...asked });
  return user!;
}

const read = async (): Promise<User> => (await users.getUser({ userId: ada.id })).user!;

describe("UpdateUser", () => {
  test("changes what is given, and counts the version", async () => {
    const email = `${randomUUID()}@bücher.example`;
    expect(await update({ email, displayName: "Ada L." })).toEqual({
      ...ada,
      email,
      displayName: "Ada L.",
      etag: '"2"',
    });
    expect(await read()).toMatchObject({ email, displayName: "Ada L.", externalId: ada.externalId, etag: '"2"' });
  });

  test("changes what its mask names, and nothing else that is given", async () => {
    const updateMask = { paths: ["display_name"] };
    const changed = await update({
      email: "not-this@example.org",
      displayName: "A.",
      externalId: "nor this",
      updateMask,
    });
    expect(changed).toEqual({ ...ada, displayName: "A.", etag: '"2"' });
  });

  test("takes an external id away, but no name and no address", async () => {
    const all = { paths: ["email", "display_name", "external_id"] };
    const refusal = await refusalOf(update({ updateMask: all }));
    expect(refusal.rawMessage).toBe("email is required (and 1 more)");
    expect((await update({ updateMask: { paths: ["external_id"] } })).externalId).toBe("");
    expect(await outcomeOf(users.lookupUser({ externalId: ada.externalId }))).toBe("USER_NOT_FOUND");
  });

  test("keeps the version where nothing changes", async () => {
    const { email, displayName, externalId } = ada;
    expect(await update({ email, displayName, externalId })).toEqual(ada);
    expect(await update({})).toEqual(ada);
  });

  test("takes another spelling of the same address, and gives the address to nobody else", async () => {
    const email = ada.email.toUpperCase();
    expect(await update({ email })).toMatchObject({ email, etag: '"2"' });
    const other = { email: ada.email, displayName: "Other", role: Role.USER };
    expect(await outcomeOf(users.createUser(other))).toBe("EMAIL_TAKEN");
  });

  test("gives an address free that it changes", async () => {
    await update({ email: `${randomUUID()}@example.org` });
    expect(await outcomeOf(users.createUser({ email: ada.email, displayName: "Next", role: Role.USER }))).toBe(
      "accepted",
    );
  });

  test("refuses what is another user's", async () => {
    const other = {
      email: `${randomUUID()}@example.org`,
      displayName: "Other",
      role: Role.USER,
      externalId: randomUUID(),
    };
    const { user } = await users.createUser(other);
    expect(await outcomeOf(update({ email: other.email.toUpperCase() }))).toBe("EMAIL_TAKEN");
    expect(await outcomeOf(update({ externalId: other.externalId }))).toBe("EXTERNAL_ID_TAKEN");
    expect(await outcomeOf(update({ externalId: user!.id.toUpperCase() }))).toBe("EXTERNAL_ID_TAKEN");
    expect(await outcomeOf(update({ externalId: ada.id }))).toBe("accepted");
  });

  test("refuses what the caller has not seen, also when 16 change what they have seen at once", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, one) => outcomeOf(update({ displayName: `Ada ${one}`, etag: ada.etag }))),
    );
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: 15 }, () => "ETAG_MISMATCH"), "accepted"]);
    expect((await read()).etag).toBe('"2"');
  });

  test("waits for no change of the host's open time, which refers to the user while it waits for Booking", async () => {
    const change = await replicas.pool.connect();
    await change.query("begin");
    // As the foreign keys of open time do.
    await change.query("select from users where id = $1 for key share", [ada.id]);
    const email = `${randomUUID()}@example.org`;
    expect(await update({ email, externalId: randomUUID() })).toMatchObject({ email });
    expect(await outcomeOf(users.eraseUser({ userId: ada.id }))).toBe("accepted");
    await change.query("rollback");
    change.release();
  });

  test("refuses who is not there", async () => {
    expect(await outcomeOf(users.updateUser({ userId: randomUUID(), displayName: "A" }))).toBe("USER_NOT_FOUND");
  });

  test.each([
    ["before the commit arrives", "before"],
    ["after it has", "after"],
  ] as const)("is changed once when it is sent again after a connection was lost %s", async (_what, when) => {
    const proxy = await startCuttingProxy(replicas.databaseUrl);
    const served = await startAvailabilityService(proxy.url, { BOOKING_URL: "http://127.0.0.1:1" });
    ended.push(() => proxy.close(), served.stop);
    const cut = connectClients(served.connectUrl, served.connectUrl, tokenSource(admin)).users;
    const asked = { userId: ada.id, displayName: "Once" };
    proxy.cutNextCommit(when);
    const refusal = await refusalOf(cut.updateUser(asked));
    expect(refusal.rawMessage).toContain("send the same call again: it changes nothing twice");
    expect(await outcomeOf(cut.updateUser(asked))).toBe("accepted");
    expect(await read()).toMatchObject({ displayName: "Once", etag: '"2"' });
  });
});

describe("LookupUser", () => {
  test("finds by an address in any spelling, by an external id, and by both", async () => {
    const { email, externalId } = ada;
    expect((await users.lookupUser({ email: email.toUpperCase() })).user).toEqual(ada);
    expect((await users.lookupUser({ externalId })).user).toEqual(ada);
    expect((await users.lookupUser({ email, externalId })).user).toEqual(ada);
  });

  test("finds nobody by names of two users, by another letter case of an external id, or by an id", async () => {
    const { email, externalId } = ada;
    expect(await outcomeOf(users.lookupUser({ email, externalId: "another" }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(users.lookupUser({ email: "another@example.org", externalId }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(users.lookupUser({ externalId: externalId.toUpperCase() }))).toBe("USER_NOT_FOUND");
    expect(await outcomeOf(users.lookupUser({ externalId: ada.id }))).toBe("USER_NOT_FOUND");
  });

  test("does not say again by what it has found nobody", async () => {
    const refusal = await refusalOf(users.lookupUser({ email: "nobody@example.org" }));
    expect(JSON.stringify(refusal)).not.toContain("nobody@");
    expect(refusal.details).toHaveLength(1);
  });
});
