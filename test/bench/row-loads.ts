/** The load of each row. */

import type { Effort } from "./drive.ts";
import type { Protocol } from "./http2-calls.ts";
import type { Load } from "./load.ts";
import { measure, type Measurement } from "./measure.ts";
import { CREATE_PATH, createMessage, ECHO_PATH, echoMessage, LIST_PATH, listMessage } from "./messages.ts";
import { type Call, type People, slotOf } from "./slots.ts";
import type { Service, Stage } from "./stage.ts";

export type Measure = (durationMs: number) => Promise<Measurement>;

/** Callers of a burst for one slot. */
export const FIGHTERS = 1000;

const CONNECTIONS_MAX = 8;
/** More than a machine makes: a run that sends all of its calls ends early. */
const CREATES_PER_SECOND_MAX = 20_000;
const LEAD_IN_FLIGHT = 16;
export const LISTS_IN_FLIGHT = 16;
export const ECHOES_IN_FLIGHT = 256;

/** gRPC's OK and ABORTED, and HTTP's OK. */
const OK: Readonly<Record<Load["protocol"], string>> = { grpc: "0", connect: "200", json: "200" };
const TAKEN = "10";

/**
 * Creates of distinct slots; what this returns shares one count of calls.
 *
 * Availability is remembered for 30 s, and between two runs of a row the others have theirs. So each run is preceded by
 * one call to each host that is not measured: the rows are about the steady state.
 */
export function creates(
  stage: Stage,
  service: Service,
  people: People,
  callOf: (people: People, number: number) => Call,
): (protocol: Protocol, inFlight: number) => Measure {
  let from = 0;
  async function run(protocol: Protocol, effort: Effort): Promise<Measurement> {
    const messages = Array.from({ length: effort.callsMax }, (_, number) =>
      createMessage(callOf(people, from + number), protocol),
    );
    const address = protocol === "grpc" ? service.grpc : service.connect;
    const connections = connectionsFor(effort.inFlight);
    const load = { address, protocol, path: CREATE_PATH, token: stage.token, connections, messages };
    const measured = await measure(stage, service, load, effort, OK[protocol]);
    from += measured.calls;
    return measured;
  }
  return (protocol, inFlight) => async (durationMs) => {
    await run(protocol, { inFlight: LEAD_IN_FLIGHT, durationMs: Infinity, callsMax: people.hostIds.length });
    return run(protocol, { inFlight, durationMs, callsMax: Math.ceil((durationMs / 1000) * CREATES_PER_SECOND_MAX) });
  };
}

/** Bursts of 1,000 callers for one slot, each for another. However long the run may be, it is one burst. */
export function bursts(stage: Stage): Measure {
  const { booking, world } = stage;
  const { hostIds, guestIds, day } = world.fought;
  let burst = 0;
  return async () => {
    const during = slotOf(day, burst, 1);
    burst += 1;
    const messages = Array.from({ length: FIGHTERS }, (_, number) =>
      createMessage({ hostId: hostIds[0]!, guestId: guestIds[number % guestIds.length]!, during }, "grpc"),
    );
    const load = {
      address: booking.grpc,
      protocol: "grpc" as const,
      path: CREATE_PATH,
      token: stage.token,
      connections: CONNECTIONS_MAX,
      messages,
    };
    const effort = { inFlight: FIGHTERS, durationMs: Infinity, callsMax: FIGHTERS };
    return measure(stage, booking, load, effort, { [OK.grpc]: 1, [TAKEN]: FIGHTERS - 1 });
  };
}

export function lists(stage: Stage, hostId: string): Measure {
  const { booking, world } = stage;
  return repeated(
    stage,
    booking,
    booking.grpc,
    "grpc",
    LIST_PATH,
    listMessage(hostId, world.spread.day),
    LISTS_IN_FLIGHT,
  );
}

export function echoes(stage: Stage, protocol: Protocol): Measure {
  const { booking } = stage;
  const address = protocol === "grpc" ? booking.grpc : booking.connect;
  return repeated(stage, booking, address, protocol, ECHO_PATH, echoMessage(protocol), ECHOES_IN_FLIGHT);
}

/** The same message over and over. */
export function repeated(
  stage: Stage,
  service: Pick<Service, "pid">,
  address: string,
  protocol: Load["protocol"],
  path: string,
  message: Uint8Array,
  inFlight: number,
): Measure {
  const load = {
    address,
    protocol,
    path,
    token: stage.token,
    connections: connectionsFor(inFlight),
    messages: [message],
  };
  return (durationMs) => measure(stage, service, load, { inFlight, durationMs, callsMax: Infinity }, OK[protocol]);
}

function connectionsFor(inFlight: number): number {
  return Math.min(inFlight, CONNECTIONS_MAX);
}
