/** Calls about users over HTTP. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Pair, startPair } from "../support/pair.ts";
import type { OpenApi, Operation } from "./openapi.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";

let pair: Pair;
let gateway: GatewayUnderTest;
let document: OpenApi;
/** As it was created. */
let user: Readonly<Record<string, string>>;

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi;
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

beforeEach(async () => {
  const body = { email: `${randomUUID()}@example.org`, displayName: "Ada", role: "ROLE_USER" };
  user = userIn(await gateway.call("POST", "/users", { body }));
});

type Answer = Awaited<ReturnType<GatewayUnderTest["call"]>>;

function userIn({ body }: Answer): Readonly<Record<string, string>> {
  return body["user"] as unknown as Readonly<Record<string, string>>;
}

function update(body: object, etag?: string): Promise<Answer> {
  const headers = etag === undefined ? {} : { "if-match": etag };
  return gateway.call("PATCH", `/users/${user["id"]}`, { body, headers });
}

test("a user's version is its ETag, and a change may depend on it", async () => {
  const read = await gateway.call("GET", `/users/${user["id"]}`);
  expect([userIn(read), read.headers.get("etag")]).toEqual([user, '"1"']);
  const changed = await update({ displayName: "Ada L." }, '"1"');
  expect([changed.status, userIn(changed), changed.headers.get("etag")]).toEqual([
    200,
    { ...user, displayName: "Ada L.", etag: '"2"' },
    '"2"',
  ]);
  expect((await update({ displayName: "Ada" }, '"1"')).status).toBe(412);
});

test("a mask names fields as JSON does, and takes the external id away", async () => {
  expect(userIn(await update({ externalId: "auth0|ada" }))).toMatchObject({ externalId: "auth0|ada" });
  const body = { displayName: "Ada L.", email: "not@this.example", updateMask: "displayName,externalId" };
  expect(userIn(await update(body))).toEqual({ ...user, displayName: "Ada L.", etag: '"3"' });
});

test("a user is deactivated, reactivated and erased by verbs", async () => {
  const answers: unknown[] = [];
  for (const verb of ["deactivate", "reactivate", "erase"]) {
    const { status, body } = await gateway.call("POST", `/users/${user["id"]}:${verb}`, { body: {} });
    answers.push([status, (body["user"] as unknown as typeof user)["state"], body["complete"]]);
  }
  expect(answers).toEqual([
    [200, "USER_STATE_DEACTIVATED", true],
    [200, "USER_STATE_ACTIVE", true],
    [200, "USER_STATE_ERASED", true],
  ]);
});

test("the document has their versions, and examples of them that are accepted", async () => {
  const operation = (method: string, path: string): Operation => document.paths[path]![method]!;
  const exampleOf = (method: string, path: string) =>
    operation(method, path).requestBody.content["application/json"]!.example;
  expect(operation("patch", "/users/{user_id}").parameters.map(({ name }) => name)).toEqual(["user_id", "If-Match"]);
  expect(operation("get", "/users/{user_id}").responses["200"]!.headers).toHaveProperty("ETag");
  const created = await gateway.call("POST", "/users", { body: exampleOf("post", "/users")! });
  const found = await gateway.call("POST", "/users:lookup", { body: exampleOf("post", "/users:lookup")! });
  expect([created.status, found.status, found.body]).toEqual([201, 200, created.body]);
  expect((await update({ ...exampleOf("patch", "/users/{user_id}"), email: user["email"] })).status).toBe(200);
});
