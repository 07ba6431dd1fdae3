/** The rows of the table and their floors. */

import { type Floor, createFloor, echoFloor, listFloor } from "./floors.ts";
import { derivations } from "./row-derive.ts";
import { connectJsonFloor, throughGateway } from "./row-gateway.ts";
import type { Measurement } from "./measure.ts";
import { bursts, creates, echoes, lists } from "./row-loads.ts";
import { hotCall, seatCall, spreadCall } from "./slots.ts";
import type { Stage } from "./stage.ts";

export interface Row {
  readonly name: string;
  /** The name of its floor, or of the row that it is compared with. */
  readonly floor: string;
  /** How often it is measured in each round. */
  readonly times: number;
  /** How often it runs unmeasured at the start. Unset: once. */
  readonly warmUps?: number;
  /** Measures it once, for this many milliseconds. */
  readonly run: (durationMs: number) => Promise<Measurement>;
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly floors: Readonly<Record<string, Floor>>;
}

/** For a row whose service no other row warms up: it is compared with one that several rows have warmed up. */
const WARM_UPS_ALONE = 6;
/** 20 bursts in 5 rounds. */
const BURSTS_PER_ROUND = 4;

/** All rows, or those that are named. Calls of rows that share a service are numbered through: no slot is asked for twice. */
export async function rowsOf(stage: Stage, names?: readonly string[]): Promise<Rows> {
  const { booking, crowded, world } = stage;
  const spread = creates(stage, booking, world.spread, spreadCall);
  const hot = creates(stage, booking, world.hot, hotCall);
  const seats = creates(stage, booking, world.classes, seatCall);
  const transactions = createFloor(stage, world.spread, "spread");
  const all: Row[] = [
    { name: "create-1", floor: "transactions-1", times: 1, run: spread("grpc", 1) },
    { name: "create-16", floor: "transactions-16", times: 1, run: spread("grpc", 16) },
    { name: "create-256", floor: "transactions-16", times: 1, run: spread("grpc", 256) },
    { name: "create-256-connect", floor: "transactions-16", times: 1, run: spread("connect", 256) },
    { name: "hot-host", floor: "transactions-hot-host", times: 1, run: hot("grpc", 256) },
    { name: "hot-slot", floor: "transactions-hot-slot", times: BURSTS_PER_ROUND, run: bursts(stage) },
    { name: "create-seats", floor: "transactions-seats", times: 1, run: seats("grpc", 256) },
    { name: "list-open-slots", floor: "ready-answer", times: 1, run: lists(stage, world.listedHostId) },
    { name: "list-weekly-hours", floor: "list-open-slots", times: 1, run: lists(stage, world.hoursHostId) },
    { name: "echo-grpc", floor: "bare-grpc-js", times: 1, run: echoes(stage, "grpc") },
    { name: "gateway-json", floor: "connect-json", times: 1, run: throughGateway(stage) },
    { name: "echo-connect", floor: "bare-grpc-js", times: 1, run: echoes(stage, "connect") },
    { name: "derive", floor: "stored-intervals", times: 1, run: derivations(stage, "hours") },
  ];
  if (crowded !== undefined) {
    const run = creates(stage, crowded, world.spread, spreadCall)("grpc", 256);
    all.push({ name: "create-256-1m", floor: "create-256", times: 1, warmUps: WARM_UPS_ALONE, run });
  }
  const rows = all.filter(({ name }) => names?.includes(name) ?? true);
  const floors: Record<string, Floor> = {
    "transactions-1": transactions(1),
    "transactions-16": transactions(16),
    "transactions-hot-host": createFloor(stage, world.hot, "hot")(16),
    "transactions-hot-slot": createFloor(stage, world.fought, "same")(16),
    "transactions-seats": createFloor(stage, world.classes, "seats")(16),
    "ready-answer": await listFloor(stage),
    "bare-grpc-js": await echoFloor(stage),
    "connect-json": connectJsonFloor(stage),
    "stored-intervals": derivations(stage, "intervals"),
  };
  const needed = new Set(rows.map(({ floor }) => floor));
  return { rows, floors: Object.fromEntries(Object.entries(floors).filter(([name]) => needed.has(name))) };
}
