/** A host with weekly hours, and how tests look at it: in hours of tomorrow, by every door. */

import type {
  GetWeeklyHoursResponse,
  SetWeeklyHoursResponse,
} from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { ExceptionKind } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { hours, inHours } from "./hosts-time.ts";
import type { Pair } from "./pair.ts";
import { createGuest, createHost, tomorrow } from "./people.ts";
import { daily, dateOf, hoursRequest } from "./weekly-hours.ts";
import { intervalOf, timesOf } from "./times.ts";

export interface HostOfHours {
  readonly hostId: string;
  readonly guestId: string;
  /** Sets hours of every day from tomorrow on. */
  set(ranges: readonly string[], others?: Parameters<typeof hoursRequest>[2]): Promise<SetWeeklyHoursResponse>;
  get(): Promise<GetWeeklyHoursResponse>;
  /** The open time of a window, tomorrow where none is said. */
  open(window?: Interval): Promise<string>;
  /** The exceptions of a window, the next thirty days where none is said. */
  exceptions(window?: Interval): Promise<string>;
  /** Where the slots start that can be booked. */
  slotStarts(window?: Interval): Promise<number[]>;
  /** Books as a guest, and returns the booking's id. */
  book(during: Interval): Promise<string>;
}

export async function hostOfHours(pair: Pair): Promise<HostOfHours> {
  return lookAt(pair, await createHost(pair.clients), await createGuest(pair.clients));
}

export function lookAt({ clients }: Pair, hostId: string, guestId: string): HostOfHours {
  return {
    hostId,
    guestId,
    set: (ranges, others = {}) =>
      clients.availability.setWeeklyHours(
        hoursRequest(hostId, daily(...ranges), { fromDate: dateOf(tomorrow(0)), ...others }),
      ),
    get: () => clients.availability.getWeeklyHours({ hostId }),
    open: async (window = hours(0, 24)) => {
      const { availabilities } = await clients.availability.listAvailability({ hostId, ...timesOf(window) });
      return inHours(availabilities.map(intervalOf));
    },
    exceptions: async (window = hours(-24, 24 * 30)) => {
      const listed = await clients.availability.listExceptions({ hostId, ...timesOf(window) });
      return listed.exceptions.map(exceptionText).join(", ");
    },
    slotStarts: async (window = hours(0, 24)) => {
      const { slots } = await clients.bookings.listOpenSlots({ hostId, ...timesOf(window), pageSize: 500 });
      return slots.map((slot) => (intervalOf(slot).start - tomorrow(0)) / HOUR_MS);
    },
    book: async (during) => {
      const { booking } = await clients.bookings.createBooking({ hostId, guestId, ...timesOf(during) });
      if (booking === undefined) throw new Error("a booking was made and not returned");
      return booking.id;
    },
  };
}

export function exceptionText(exception: Parameters<typeof intervalOf>[0] & { readonly kind: ExceptionKind }): string {
  const kind = exception.kind === ExceptionKind.CLOSURE ? "CLOSURE" : "OPENING";
  return `${kind} ${inHours([intervalOf(exception)])}`;
}
