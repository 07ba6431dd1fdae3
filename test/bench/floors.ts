/** What the rows are held against, each measured beside them in the same run. */

import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ListOpenSlotsResponseSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { DAY_MS } from "../../shared/time-units.ts";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import type { Effort, Measured } from "./drive.ts";
import type { CreateFloor } from "./floor-create.ts";
import { type Run, withCpu } from "./measure.ts";
import { ECHO_PATH, echoMessage, LIST_PATH, listMessage } from "./messages.ts";
import { ECHOES_IN_FLIGHT, FIGHTERS, LISTS_IN_FLIGHT, repeated } from "./row-loads.ts";
import { OPEN_DAYS, type People } from "./slots.ts";
import type { Stage } from "./stage.ts";

/** Measures once, for this many milliseconds. */
export type Floor = (durationMs: number) => Promise<Run>;

/** One transaction for each booking, without RPC. What this returns shares one count of calls. */
export function createFloor(stage: Stage, people: People, slots: CreateFloor["slots"]): (inFlight: number) => Floor {
  let from = 0;
  return (inFlight) => async (durationMs) => {
    const effort: Effort =
      slots === "same"
        ? { inFlight, durationMs: Infinity, callsMax: FIGHTERS }
        : { inFlight, durationMs, callsMax: Infinity };
    const asked: CreateFloor = { ...effort, url: stage.floorUrl, people, slots, from };
    const measured = await withCpu(stage, stage.booking, stage.createFloor, () =>
      stage.createFloor.ask<Measured>(asked),
    );
    const { calls, statuses } = measured;
    const booked = slots === "same" ? 1 : calls;
    if (statuses["booked"] !== booked) throw new Error(`the floor ended with ${JSON.stringify(statuses)}`);
    from += slots === "same" ? 1 : calls;
    return measured;
  };
}

/** The very answer of `list-open-slots`, ready. */
export async function listFloor(stage: Stage): Promise<Floor> {
  const { clients, world, booking } = stage;
  const { day } = world.spread;
  const answer = await clients.bookings.listOpenSlots({
    hostId: world.listedHostId,
    startTime: timestampFromMs(day),
    endTime: timestampFromMs(day + OPEN_DAYS * DAY_MS),
    pageSize: PAGE_SIZE_MAX,
  });
  if (answer.slots.length !== PAGE_SIZE_MAX) throw new Error(`a page has ${answer.slots.length} slots`);
  const encoded = toBinary(ListOpenSlotsResponseSchema, create(ListOpenSlotsResponseSchema, answer));
  const port = await stage.listFloor.ask<number>(encoded);
  return repeated(
    stage,
    booking,
    `127.0.0.1:${port}`,
    "grpc",
    LIST_PATH,
    listMessage(world.listedHostId, day),
    LISTS_IN_FLIGHT,
  );
}

export async function echoFloor(stage: Stage): Promise<Floor> {
  const port = await stage.echoFloor.ask<number>({});
  return repeated(stage, stage.booking, `127.0.0.1:${port}`, "grpc", ECHO_PATH, echoMessage("grpc"), ECHOES_IN_FLIGHT);
}
