/** What the gateway costs: GetUser through it, and beside that the same as JSON over Connect, directly. */

import type { Floor } from "./floors.ts";
import { type Measure, repeated } from "./row-loads.ts";
import type { Stage } from "./stage.ts";

const GET_USER_PATH = "/availability.v1.UserService/GetUser";
const IN_FLIGHT = 16;

/** The gateway's CPU time stands in the column of Booking, which has nothing to do here. */
export function throughGateway(stage: Stage): Measure {
  const { gateway, world } = stage;
  const path = `/users/${world.listedHostId}`;
  return repeated(stage, gateway, gateway.address, "json", path, new Uint8Array(), IN_FLIGHT);
}

export function connectJsonFloor(stage: Stage): Floor {
  const { availability, world } = stage;
  const message = Buffer.from(JSON.stringify({ userId: world.listedHostId }));
  return repeated(stage, availability, availability.connect, "json", GET_USER_PATH, message, IN_FLIGHT);
}
