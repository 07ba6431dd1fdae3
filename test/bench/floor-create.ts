/**
 * The floor of the create rows: the best that one transaction per booking gives with the plain driver, prepared and
 * pipelined, without RPC. It commits the same rows under the same lock with the same comparison of the generation: all
 * in one round trip, which a service that decides in code cannot have.
 */

import { createHash, randomUUID } from "node:crypto";
import { Client } from "pg";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { rangeFromMillis } from "../../shared/postgres/range.ts";
import { newBookingId } from "../support/booking-ids.ts";
import { drive, type Effort, type Measured } from "./drive.ts";
import { type Call, CLASS_SEATS, hotCall, type People, seatCall, slotOf, spreadCall } from "./slots.ts";
import { answerQuestions } from "./worker.ts";

export interface CreateFloor extends Effort {
  readonly url: string;
  readonly people: People;
  /** Each call another slot of another host, of the one host, another seat of its classes, or all the very same slot. */
  readonly slots: "spread" | "hot" | "seats" | "same";
  /** The number of the first call. */
  readonly from: number;
}

const CONNECTIONS = 16;

/** The constraint decides who gets the time; who does not writes nothing and is told by the count of rows. */
const BOOK = `
  with booked as (
    insert into bookings
      (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
    select $2, host_id, $3, time, time, $9, 'CONFIRMED', 1, sequence + 1, clock_timestamp(), clock_timestamp()
    from hosts, ${rangeFromMillis("$4::float8", "$5::float8")} as time
    where host_id = $1 and generation = $6
    on conflict do nothing
    returning *
  ), counted as (
    update hosts set sequence = booked.sequence from booked where hosts.host_id = booked.host_id
  ), requested as (
    insert into requests (host_id, request_id, method, content_hash, sequence, create_time)
    select host_id, $7, 'CreateBooking', $8, sequence, create_time from booked
  )
  insert into booking_events
    (booking_id, host_id, guest_id, during, occupied, seat, state, version, create_time, update_time, sequence, kind, actor,
     event_time)
  select id, host_id, guest_id, during, occupied, seat, state, version, create_time, update_time, sequence, state, 'anonymous',
         create_time
  from booked`;

let clients: readonly Client[] = [];

answerQuestions(async (asked: CreateFloor): Promise<Measured> => {
  if (clients.length === 0) clients = await connect(asked.url);
  const free = [...clients];
  const callOf = { spread: spreadCall, hot: hotCall, seats: seatCall, same: sameCall }[asked.slots];
  return drive(
    async (number) => {
      const client = free.pop() as Client;
      const seat = asked.slots === "seats" ? 1 + ((asked.from + number) % CLASS_SEATS) : 1;
      const rows = await book(client, callOf(asked.people, asked.from + number), seat);
      free.push(client);
      return rows === 1 ? "booked" : "taken";
    },
    { ...asked, inFlight: Math.min(asked.inFlight, CONNECTIONS) },
  );
  function sameCall(people: People): Call {
    return {
      hostId: people.hostIds[0] as string,
      guestId: people.guestIds[0] as string,
      during: slotOf(people.day, asked.from, 1),
    };
  }
});

async function connect(url: string): Promise<Client[]> {
  const opened = Array.from({ length: CONNECTIONS }, () => new Client({ connectionString: url, pipeline: true }));
  await Promise.all(opened.map((client) => client.connect()));
  return opened;
}

/** One transaction, sent without waiting in between. Returns how many bookings it made. */
async function book(client: Client, { hostId, guestId, during }: Call, seat: number): Promise<number> {
  const contentHash = createHash("sha256")
    .update(JSON.stringify([hostId, guestId, during]))
    .digest();
  const values = [hostId, newBookingId(hostId), guestId, during.start, during.end, 0, randomUUID(), contentHash, seat];
  const [, , { rowCount }] = await Promise.all([
    client.query("begin"),
    client.query({ name: "lock", text: "select pg_advisory_xact_lock($1)", values: [hostLockKey(hostId)] }),
    client.query({ name: "book", text: BOOK, values }),
    client.query("commit"),
  ]);
  return rowCount ?? 0;
}
