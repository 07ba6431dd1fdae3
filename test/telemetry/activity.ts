import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { GatewayUnderTest } from "../gateway/started.ts";
import { hours } from "../support/hosts-time.ts";
import type { Pair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { watchBookings } from "../support/watching.ts";

/** One booking through the gateway, one refusal, a page of slots, and a watcher that was told: a bit of everything. */
export async function bookAndBeRefused({ clients }: Pick<Pair, "clients">, gateway: GatewayUnderTest): Promise<void> {
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  await openTime(clients, hostId, hours(8, 16), 60);
  const watching = await watchBookings(clients.bookings, hostId);
  const [startTime, endTime] = [hours(8, 9).start, hours(8, 9).end];
  const body = {
    hostId,
    guestId,
    startTime: new Date(startTime).toISOString(),
    endTime: new Date(endTime).toISOString(),
  };
  const statuses = [];
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    statuses.push((await gateway.call("POST", "/bookings", { body })).status);
  }
  if (statuses.join() !== "201,409") throw new Error(`the calls ended with ${statuses.join()}`);
  await clients.bookings.listOpenSlots({
    hostId,
    startTime: timestampFromMs(startTime),
    endTime: timestampFromMs(hours(8, 16).end),
  });
  await watching.reaches(1);
  watching.leave();
}
