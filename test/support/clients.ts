/** Clients of the pair, as other programs have them. */

import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";

export interface Clients {
  readonly users: Client<typeof UserService>;
  readonly availability: Client<typeof AvailabilityService>;
  readonly bookings: Client<typeof BookingService>;
  readonly fence: Client<typeof FenceService>;
}

/** The deadline of calls that name none. A thousand at once may take longer than the services' own default, 10 s. */
const PATIENT_MS = 60_000;

/** Connect clients over HTTP/2 of services at `http://host:port`, who call with tokens from `token`. */
export function connectClients(availabilityUrl: string, bookingUrl: string, token: () => Promise<string>): Clients {
  const interceptors = [bearer(token)];
  const availability = createConnectTransport({ baseUrl: availabilityUrl, httpVersion: "2", interceptors });
  const booking = createConnectTransport({ baseUrl: bookingUrl, httpVersion: "2", interceptors });
  return clientsOver(patient(availability), patient(booking));
}

function patient(transport: Transport): Transport {
  return {
    unary: (method, signal, timeoutMs = PATIENT_MS, ...rest) => transport.unary(method, signal, timeoutMs, ...rest),
    // Streams have none by default, and keep it.
    stream: transport.stream.bind(transport),
  };
}

/** The same over any transports to the two services. */
export function clientsOver(availability: Transport, booking: Transport): Clients {
  return {
    users: createClient(UserService, availability),
    availability: createClient(AvailabilityService, availability),
    bookings: createClient(BookingService, booking),
    fence: createClient(FenceService, booking),
  };
}
