/** Calls through the gateway as a gRPC client makes them: a method of the contract and its request. */

import { create, type DescMethodUnary, fromJson, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { Unary } from "../rolling/doors.ts";
import type { GatewayClient } from "../rolling/gateway-door.ts";

type Route = (request: JsonObject) => readonly [method: string, path: string];

const ofBooking =
  (verb: string): Route =>
  ({ bookingId }) => ["POST", `/bookings/${bookingId as string}:${verb}`];
const list =
  (path: string): Route =>
  (request) => ["GET", `${path}?${new URLSearchParams(request as Record<string, string>).toString()}`];

const routes: Readonly<Record<string, Route>> = {
  AddAvailability: () => ["POST", "/availability"],
  RemoveAvailability: () => ["POST", "/availability:remove"],
  CreateBooking: () => ["POST", "/bookings"],
  ConfirmBooking: ofBooking("confirm"),
  RescheduleBooking: ofBooking("reschedule"),
  CancelBooking: ofBooking("cancel"),
  ListBookings: list("/bookings"),
  ListOpenSlots: list("/slots"),
};

export function unaryThrough(client: GatewayClient): Unary {
  return async (method, request) => {
    const json = toJson(method.input, create(method.input, request)) as JsonObject;
    const [httpMethod, path] = routeOf(method)(json);
    const { bookingId: _inPath, ...body } = json;
    const answer = await client.call(httpMethod, path, httpMethod === "GET" ? undefined : body);
    return fromJson(method.output, answer as JsonValue);
  };
}

function routeOf({ name }: DescMethodUnary): Route {
  const route = routes[name];
  if (route === undefined) throw new Error(`the test has no route for ${name}`);
  return route;
}
