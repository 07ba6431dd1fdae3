/** Calls through the gateway that compose has published. */

import { equal } from "node:assert/strict";
import { z } from "zod";

const GATEWAY = "http://127.0.0.1:8080";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const listed = z.object({ slots: z.tuple([z.object({ startTime: z.string(), endTime: z.string() })]) });
const made = z.object({ booking: z.object({ id: z.string() }) });

export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

export function callsAs(token: string | undefined): Call {
  return async (method, path, body) => {
    const answer = await fetch(`${GATEWAY}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };
}

/** Books the host's first open slot, is refused it the second time, and returns the booking's id. */
export async function bookOnce(call: Call, hostId: string, guestId: string): Promise<string> {
  const slots = await call("GET", `/slots?host_id=${hostId}&page_size=1`);
  equal(slots.status, 200, JSON.stringify(slots.body));
  const [slot] = listed.parse(slots.body).slots;
  const order = { hostId, guestId, startTime: slot.startTime, endTime: slot.endTime };
  const booked = await call("POST", "/bookings", order);
  equal(booked.status, 201, JSON.stringify(booked.body));
  const again = await call("POST", "/bookings", order);
  equal(again.status, 409, JSON.stringify(again.body));
  return made.parse(booked.body).booking.id;
}
