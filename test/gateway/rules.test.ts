/** Field masks, optional fields and maps as JSON writes them, at both JSON doors; and PATCH. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { endingOfHttp } from "../support/endings.ts";
import { createHost } from "../support/people.ts";
import { admin, authorizationOf } from "../support/tokens.ts";
import { type Bookable, startBookable } from "./bookable.ts";
import { fieldsIn, reasonIn } from "./started.ts";

type Json = Record<string, unknown>;

/** What a door answers: the rules, or what its refusal says. */
interface Answered {
  readonly rules: Json | undefined;
  readonly said: string;
}

let bookable: Bookable;
let hostId: string;

beforeAll(async () => {
  bookable = await startBookable();
});

beforeEach(async () => {
  hostId = await createHost(bookable.pair.clients);
});

afterAll(() => bookable.stop());

async function byConnect(body: object): Promise<Answered> {
  const { connectUrl } = bookable.pair.availability;
  const answer = await fetch(`${connectUrl}/availability.v1.AvailabilityService/UpdateRules`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(await authorizationOf(admin)) },
    body: JSON.stringify({ hostId, ...body }),
  });
  if (answer.ok) return { rules: ((await answer.json()) as { rules: Json }).rules, said: "" };
  const { details } = await endingOfHttp(answer);
  return { rules: undefined, said: JSON.stringify(details) };
}

async function byGateway(body: object): Promise<Answered> {
  const { status, body: answer, text } = await patch(body);
  return { rules: status === 200 ? answer["rules"] : undefined, said: text };
}

function patch(body: object, headers: Readonly<Record<string, string>> = {}) {
  return bookable.gateway.call("PATCH", `/hosts/${hostId}/rules`, { body, headers });
}

describe.each([
  ["Connect", byConnect],
  ["the gateway", byGateway],
])("by %s", (_door, update) => {
  test.each([
    ["updateMask", "slotDuration,minimumNoticeMinutes"],
    ["updateMask", "slotDurationMinutes,minimumNoticeMinutes"],
    ["update_mask", "slot_duration_minutes,minimum_notice_minutes"],
    ["updateMask", "minimum_notice_minutes,slotDuration"],
  ])("a mask may name fields as a body may: %s %s", async (name, mask) => {
    await update({ seats: 3, minimumNoticeMinutes: 60 });
    const { rules } = await update({ slotDuration: 20, seats: 9, [name]: mask });
    expect(rules).toMatchObject({ slotDuration: 20, seats: 3 });
    expect(rules).not.toHaveProperty("minimumNoticeMinutes");
  });

  test.each(["", null])("an empty mask is none: %o", async (updateMask) => {
    expect((await update({ seats: 3, updateMask })).rules).toMatchObject({ seats: 3 });
  });

  test("a field that is null is not there, and one that is 0 is", async () => {
    await update({ minimumNoticeMinutes: 60, horizonDays: 7 });
    const { rules } = await update({ minimumNoticeMinutes: null, horizonDays: 0 });
    expect(rules).toMatchObject({ minimumNoticeMinutes: 60 });
    expect(rules).not.toHaveProperty("horizonDays");
  });

  test("a bad mask is named as it was written, with the names that it may have in the caller's words", async () => {
    const all = "minimumNoticeMinutes, horizonDays, bufferBeforeMinutes, bufferAfterMinutes, seats";
    expect((await update({ updateMask: "seat" })).said).toContain(`must name only slotDuration, ${all}`);
    const { rules, said } = await update({ update_mask: "seats,host_id", slot_duration_minutes: 30 });
    expect([rules, said]).toEqual([undefined, expect.stringContaining('"field":"update_mask"')]);
    expect(said).toContain(`must name only slot_duration_minutes, ${all}`);
  });

  test("a field that its mask names, and that has no default, is required", async () => {
    const { rules, said } = await update({ seats: 2, updateMask: "seats,slotDuration" });
    expect(rules).toBeUndefined();
    expect(said).toContain('"field":"slotDuration","description":"is required"');
  });
});

describe("PATCH", () => {
  test("is the one way to change rules", async () => {
    const path = `/hosts/${hostId}/rules`;
    const refused = await bookable.gateway.call("POST", path, { body: {} });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, PATCH"]);
  });

  test("happens once for an Idempotency-Key", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const first = await patch({ seats: 2 }, headers);
    await patch({ seats: 3 });
    const again = await patch({ seats: 2 }, headers);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await patch({})).body["rules"]).toMatchObject({ seats: 3 });
    const reused = await patch({ seats: 4 }, headers);
    expect(reasonIn(reused)).toBe("REQUEST_ID_REUSED");
  });

  test("names all that is wrong, beside what cannot be read", async () => {
    const refused = await patch({ seats: "many", horizonDays: -1, updateMask: "seat", slotDuration: 0, more: 1 });
    expect([refused.status, reasonIn(refused)]).toEqual([400, "INVALID_REQUEST"]);
    expect(new Set(fieldsIn(refused))).toEqual(new Set(["seats", "more", "horizonDays", "updateMask", "slotDuration"]));
  });
});

describe("labels", () => {
  test("are kept as they were given, whatever their keys are called", async () => {
    const labels = JSON.parse(
      '{"__proto__": "x", "constructor": "y", "host_id": "z", "ключ": "=a=b", "": "x"}',
    ) as Json;
    const { "": _empty, ...good } = labels;
    expect(fieldsIn(await create(9, { labels }))).toEqual(["labels"]);
    const created = await create(9, { labels: Object.fromEntries(Object.entries(good)) });
    expect(created.status).toBe(201);
    expect(Object.entries(created.body["booking"]!["labels"]!)).toEqual(Object.entries(good));
    for (const [key, value] of Object.entries(good)) {
      expect(await found(`${key}=${String(value)}`)).toEqual([created.body["booking"]!["id"]]);
      expect(await found(key)).toEqual([created.body["booking"]!["id"]]);
    }
    expect(await found("__proto__=y")).toEqual([]);
    expect(await found("toString")).toEqual([]);
  });

  test("that are wrong are named beside what cannot be read, by the field and not by their keys", async () => {
    const refused = await create(10, { holdSeconds: "x", labels: { "secret=key": "v" } });
    expect(new Set(fieldsIn(refused))).toEqual(new Set(["holdSeconds", "labels"]));
    expect(refused.text).not.toContain("secret");
    expect(fieldsIn(await create(10, { labels: { a: 1 } }))).toEqual(["labels"]);
  });

  function create(hour: number, more: object) {
    return bookable.gateway.call("POST", "/bookings", { body: { ...bookable.slot(hour), ...more } });
  }

  async function found(label: string): Promise<unknown[]> {
    const query = new URLSearchParams({ host_id: bookable.hostId, label });
    const { body } = await bookable.gateway.call("GET", `/bookings?${query.toString()}`);
    return ((body["bookings"] ?? []) as unknown as readonly Json[]).map(({ id }) => id);
  }
});
