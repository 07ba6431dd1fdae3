/** The OpenAPI document, which says what the contracts say. */

import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ANSWER_MAX_BYTES,
  BOOKING_MAX_MS,
  DEADLINE_DEFAULT_MS,
  DEADLINE_MAX_MS,
  DISPLAY_NAME_MAX_CHARACTERS,
  EMAIL_MAX_CHARACTERS,
  ETAG_MAX_CHARACTERS,
  HOLD_SECONDS_MAX,
  PAGE_SIZE_MAX,
  PAGE_TOKEN_MAX_CHARACTERS,
  REQUEST_MAX_BYTES,
  SLOT_DURATION_MINUTES_MAX,
  SLOT_DURATION_MINUTES_MIN,
  STATES_MAX,
  WEEKLY_RANGES_MAX,
} from "../../shared/limits.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import type { Content, OpenApi, Operation, Schema } from "./openapi.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost } from "../support/people.ts";

const JSON_TYPE = "application/json";

let pair: Pair;
let gateway: GatewayUnderTest;
let document: OpenApi;

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi;
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

describe("/openapi.json", () => {
  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    expect(await validator.validate({ ...document })).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  function operation(httpMethod: string, path: string): Operation {
    return document.paths[path]![httpMethod]!;
  }

  function body(path: string, httpMethod = "post"): Content[string] {
    return operation(httpMethod, path).requestBody.content[JSON_TYPE]!;
  }

  test("has every way in", () => {
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
    );
    expect(operations.toSorted()).toEqual([
      "GET /availability ListAvailability",
      "GET /bookings ListBookings",
      "GET /bookings/{booking_id} GetBooking",
      "GET /bookings:watch WatchBookings",
      "GET /hosts/{host_id}/exceptions ListExceptions",
      "GET /hosts/{host_id}/rules GetRules",
      "GET /hosts/{host_id}/weekly-hours GetWeeklyHours",
      "GET /slots ListOpenSlots",
      "GET /users ListUsers",
      "GET /users/{user_id} GetUser",
      "PATCH /hosts/{host_id}/rules UpdateRules",
      "PATCH /users/{user_id} UpdateUser",
      "POST /availability AddAvailability",
      "POST /availability:remove RemoveAvailability",
      "POST /bookings CreateBooking",
      "POST /bookings/{booking_id}:cancel CancelBooking",
      "POST /bookings/{booking_id}:confirm ConfirmBooking",
      "POST /bookings/{booking_id}:reschedule RescheduleBooking",
      "POST /hosts/{host_id}/weekly-hours:restore RestoreWeeklyHours",
      "POST /users CreateUser",
      "POST /users/{user_id}:deactivate DeactivateUser",
      "POST /users/{user_id}:erase EraseUser",
      "POST /users/{user_id}:reactivate ReactivateUser",
      "POST /users:lookup LookupUser",
      "PUT /hosts/{host_id}/weekly-hours SetWeeklyHours",
    ]);
  });

  test("has the contracts' limits", () => {
    const add = body("/availability").schema;
    expect(add.required).toEqual(["hostId", "startTime", "endTime", "slotDuration"]);
    expect(add.additionalProperties).toBe(false);
    expect(add.properties).toMatchObject({
      slotDuration: { minimum: SLOT_DURATION_MINUTES_MIN, maximum: SLOT_DURATION_MINUTES_MAX },
      hostId: { type: "string", format: "uuid" },
    });
    expect(body("/bookings").schema.properties).toMatchObject({
      // 0 stands for "book it".
      holdSeconds: { minimum: 0, maximum: HOLD_SECONDS_MAX },
      endTime: { description: expect.stringContaining(`at most ${BOOKING_MAX_MS / HOUR_MS} hours`) as string },
    });
    expect(body("/users").schema.properties).toMatchObject({
      email: { maxLength: EMAIL_MAX_CHARACTERS },
      displayName: { maxLength: DISPLAY_NAME_MAX_CHARACTERS },
    });
    expect(body("/bookings/{booking_id}:cancel").schema.properties?.["etag"]?.maxLength).toBe(ETAG_MAX_CHARACTERS);
    const { required, properties } = body("/hosts/{host_id}/weekly-hours", "put").schema;
    expect(required).toEqual(["timeZone", "slotDuration"]);
    expect(properties).toMatchObject({
      fromDate: { type: "string", format: "date" },
      ranges: { maxItems: WEEKLY_RANGES_MAX, items: { $ref: "#/components/schemas/availability.v1.WeeklyRange" } },
      etag: { maxLength: ETAG_MAX_CHARACTERS },
    });
    const parameter = (wanted: string, path = "/slots"): Schema | undefined =>
      operation("get", path).parameters.find(({ name }) => name === wanted)?.schema;
    expect(parameter("states", "/bookings")?.maxItems).toBe(STATES_MAX);
    expect(parameter("page_size")).toMatchObject({ minimum: 0, maximum: PAGE_SIZE_MAX });
    expect(parameter("page_token")?.maxLength).toBe(PAGE_TOKEN_MAX_CHARACTERS);
    for (const { description } of document.tags) {
      expect(description).toContain(`at most ${REQUEST_MAX_BYTES / 1024} KiB`);
      expect(description).toContain(`at most ${ANSWER_MAX_BYTES / 1024 ** 2} MiB`);
      expect(description).toContain(`has ${DEADLINE_DEFAULT_MS / 1000} seconds`);
      expect(description).toContain("up to an hour");
    }
    expect(DEADLINE_MAX_MS).toBe(HOUR_MS);
  });

  test("has times of day as the contract takes them", () => {
    const { day, start, end } = document.components.schemas["availability.v1.WeeklyRange"]!.properties!;
    expect(document.components.schemas["google.type.DayOfWeek"]!.enum).toContain("MONDAY");
    expect(day!.$ref).toBe("#/components/schemas/google.type.DayOfWeek");
    const times = ["00:00", "09:30", "19:59", "23:59", "24:00", "24:01", "23:60", "9:30", "09:30:00"];
    const taken = (schema: Schema): string[] => times.filter((time) => new RegExp(schema.pattern!, "v").test(time));
    expect(taken(start!)).toEqual(["00:00", "09:30", "19:59", "23:59"]);
    expect(taken(end!)).toEqual(["00:00", "09:30", "19:59", "23:59", "24:00"]);
  });

  test("tells of each method by which HTTP status it is refused, and why", () => {
    const { responses } = operation("post", "/bookings");
    const statuses = ["201", "400", "401", "403", "404", "409", "429", "503"];
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(statuses));
    expect(responses["409"]?.description).toContain("`SLOT_TAKEN`: Active bookings have all of the host's seats");
    expect(responses["503"]?.description).toContain("`OUTCOME_UNKNOWN`");
    const { 200: _success, ...refusals } = operation("get", "/users/{user_id}").responses;
    expect(refusals["404"]?.description).toContain("`USER_NOT_FOUND`");
    expect(refusals["409"]).toBeUndefined();
    for (const { content } of Object.values(refusals)) {
      expect(content[JSON_TYPE]?.schema.$ref).toBe("#/components/schemas/google.rpc.Status");
    }
  });

  test("tells of each method who may call it", () => {
    const describedAs = (httpMethod: string, path: string) => operation(httpMethod, path).description;
    expect(describedAs("post", "/bookings")).toMatch(
      /\n\nCallers: the HOST that `host_id` names, the USER that `guest_id` names, ADMIN\.$/,
    );
    expect(describedAs("get", "/bookings/{booking_id}")).toMatch(
      /Callers: a HOST where it is the host, a USER where it is the guest, ADMIN\.$/,
    );
    expect(describedAs("get", "/slots")).toMatch(/Callers: HOST, USER, ADMIN, SERVICE\.$/);
  });

  test("tells of every method that it may be busy, and of a stream how it ends", () => {
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    expect(operations).toHaveLength(25);
    for (const { responses, operationId } of operations) {
      expect(responses["503"]?.description, operationId).toMatch(/cannot be reached or stops.*`BUSY`/s);
    }
    const { description, content } = operation("get", "/bookings:watch").responses["200"]!;
    expect(description).toContain("`status`");
    expect(content["application/x-ndjson"]!.schema.anyOf?.[1]).toMatchObject({
      properties: { error: { $ref: "#/components/schemas/google.rpc.Status" } },
    });
    expect(content["text/event-stream"]!.schema.anyOf?.[1]?.$ref).toBe("#/components/schemas/google.rpc.Status");
  });

  test("says of headers and streams what they are", () => {
    const names = (of: Operation): string[] => of.parameters.map(({ name }) => name);
    const cancel = operation("post", "/bookings/{booking_id}:cancel");
    expect(names(cancel)).toEqual(["booking_id", "Idempotency-Key", "If-Match"]);
    expect(names(operation("post", "/availability"))).toEqual(["Idempotency-Key"]);
    for (const [write, path] of [
      ["put", "/hosts/{host_id}/weekly-hours"],
      ["patch", "/hosts/{host_id}/rules"],
    ] as const) {
      expect(names(operation(write, path))).toEqual(["host_id", "Idempotency-Key", "If-Match"]);
      for (const each of ["get", write]) {
        expect(operation(each, path).responses["200"]!.headers).toHaveProperty("ETag");
      }
    }
    const watch = operation("get", "/bookings:watch");
    expect(Object.keys(watch.responses["200"]!.content)).toEqual(["application/x-ndjson", "text/event-stream"]);
    expect(names(watch)).toEqual(["host_id", "after_sequence", "Last-Event-ID"]);
  });

  test("explains every field of every message", () => {
    const silent = Object.entries(document.components.schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([, { description = "" }]) => description === "")
        .map(([property]) => `${name}.${property}`),
    );
    expect(silent).toEqual([]);
  });

  test("has examples that are accepted, once the ids in them are those of people who exist", async () => {
    const hostId = await createHost(pair.clients);
    const added = { ...body("/availability").example, hostId };
    expect((await gateway.call("POST", "/availability", { body: added })).status).toBe(201);
    expect((await gateway.call("POST", "/users", { body: body("/users").example })).status).toBe(201);
    const { example } = body("/hosts/{host_id}/weekly-hours", "put");
    const set = await gateway.call("PUT", `/hosts/${hostId}/weekly-hours`, { body: example });
    expect([set.status, set.body["weeklyHours"]]).toEqual([
      200,
      expect.objectContaining({ ranges: (example as { ranges: object[] }).ranges }),
    ]);
  });
});
