/** Requests and their first answers, to be sent again to other code. */

import { randomUUID } from "node:crypto";
import { type DescMethodUnary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { OPEN_DAYS, type Whom } from "../rolling/callers.ts";
import type { Unary } from "../rolling/doors.ts";
import { tomorrow } from "../support/people.ts";
import { timesOf } from "../support/times.ts";

export interface Remembered {
  readonly method: DescMethodUnary;
  readonly request: Record<string, unknown>;
  readonly answer: JsonValue;
}

/** Sends one request of every kind that a service remembers, in the host's day `day`. */
export async function rememberRequests(unary: Unary, { hostId, guestId }: Whom, day: number): Promise<Remembered[]> {
  const done: Remembered[] = [];
  const write: Unary = async (method, fields) => {
    const request = { ...fields, requestId: randomUUID() };
    const answer = await unary(method, request);
    done.push({ method, request, answer: toJson(method.output, answer) });
    return answer;
  };
  const hour = (at: number, from = day): ReturnType<typeof timesOf> => timesOf(during(from, at));
  const { createBooking, confirmBooking, rescheduleBooking, cancelBooking } = BookingService.method;
  const said = { externalId: `crm-${day}`, note: "n", labels: { of: "upgrade" } };
  const { booking } = await write(createBooking, { hostId, guestId, ...hour(1), ...said });
  const held = await write(createBooking, { hostId, guestId, ...hour(2), holdSeconds: 3600 });
  const { id: bookingId, etag } = held.booking!;
  await write(confirmBooking, { bookingId, etag });
  await write(rescheduleBooking, { bookingId, ...hour(3), ignoreNotice: true });
  await write(cancelBooking, { bookingId: booking!.id, reason: "r" });
  const later = { hostId, ...hour(1, OPEN_DAYS + 200 + day) };
  await write(AvailabilityService.method.addAvailability, { ...later, slotDurationMinutes: 30 });
  await write(AvailabilityService.method.removeAvailability, later);
  return done;
}

/** What the requests are answered when they are sent again. */
export async function answersAgain(unary: Unary, remembered: readonly Remembered[]): Promise<JsonValue[]> {
  const answers: JsonValue[] = [];
  for (const { method, request } of remembered) answers.push(toJson(method.output, await unary(method, request)));
  return answers;
}

function during(day: number, hour: number): Interval {
  const start = tomorrow(0) + day * DAY_MS + hour * HOUR_MS;
  return { start, end: start + HOUR_MS };
}
