import { pauseAfter } from "../../../shared/caller.ts";
import { Refusal } from "../../../shared/errors.ts";
import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { type Instant, interval, type Interval } from "../../../shared/interval.ts";
import { WINDOW_MAX_MS } from "../../../shared/limits.ts";
import { databaseNow } from "../../../shared/postgres/now.ts";
import type { Call, UnaryHandler } from "../../../shared/rpc/handler.ts";
import { decodePageToken, encodePageToken } from "../../../shared/rpc/request/page-token.ts";
import { pageSize, pageToken, parse, uuid, withWindow } from "../../../shared/rpc/request/parse.ts";
import { windowAt } from "../../../shared/rpc/request/window.ts";
import { openSlots, slotsIn } from "../domain/slots.ts";
import type { Snapshot } from "../peers/snapshots.ts";
import { readBookedTime } from "../storage/open-slots.ts";
import type { BookingDeps } from "./deps.ts";
import { slotMessages } from "./messages.ts";

const schema = withWindow({ hostId: uuid, pageSize, pageToken }, WINDOW_MAX_MS);

/** How often availability may change while a stretch of slots is read before the caller is told to come again. */
const ATTEMPTS_MAX = 5;
/**
 * A page looks at snapshots so many times and then ends, shorter than asked, so that a host that is booked out, or whose time
 * is cut up finely, costs no more. Five of them hold the longest window of all other hosts.
 */
const SNAPSHOTS_PER_PAGE = 8;
/** A first look at half as many slots again as are wanted finds them at once unless more than a third of them are booked. */
const LOOK_AHEAD = 1.5;

export function listOpenSlots(deps: BookingDeps): UnaryHandler<typeof BookingService.method.listOpenSlots> {
  return async (message, call) => {
    const { hostId, startTime, endTime, pageSize: limit, pageToken: token } = parse(schema, message);
    const bound = ["ListOpenSlots", hostId, startTime, endTime];
    let window: Interval;
    if (token === "") {
      window = windowAt({ startTime, endTime }, startTime ?? (await databaseNow(deps.pool, call.signal)));
    } else {
      // What is left of the window: the token is all that a page needs to know of those before it.
      const [from, to] = decodePageToken(token, bound, ["instant", "instant"]);
      window = windowAt({ startTime: from, endTime: to }, from);
    }
    const { slots, next } = await page(deps, call, hostId, window, limit);
    return {
      $typeName: "booking.v1.ListOpenSlotsResponse",
      slots: slotMessages(slots),
      nextPageToken: next === undefined ? "" : encodePageToken(bound, [next, window.end]),
    };
  };
}

interface Page {
  readonly slots: readonly Interval[];
  /** Where the next page begins; undefined if nothing is left to look at. */
  readonly next: Instant | undefined;
}

async function page(deps: BookingDeps, call: Call, hostId: string, window: Interval, limit: number): Promise<Page> {
  const count = Math.ceil((limit + 1) * LOOK_AHEAD);
  const slots: Interval[] = [];
  let next: Instant | undefined = window.start;
  let left = SNAPSHOTS_PER_PAGE;
  while (left > 0 && next !== undefined && slots.length < limit) {
    const found = await openStretch(deps, call, hostId, { start: next, end: window.end }, { count, snapshots: left });
    slots.push(...found.slots);
    next = found.next;
    left -= found.looked;
  }
  if (slots.length <= limit) return { slots, next };
  const shown = slots.slice(0, limit);
  // Not at the first slot left out: before the next page the grid may move, and what is open now may then lie in a slot
  // that starts earlier.
  return { slots: shown, next: (shown.at(-1)?.start ?? window.start) + 1 };
}

/** How far one look goes: to the `count`th slot, or to the end of so many snapshots. */
interface Reach {
  readonly count: number;
  readonly snapshots: number;
}

/**
 * The open ones among the first slots of a window. Availability, bookings and clock are of one moment: the query for
 * the bookings reads the generation along with them, and if that is not the snapshots', Availability is asked again.
 */
async function openStretch(
  deps: BookingDeps,
  call: Call,
  hostId: string,
  window: Interval,
  reach: Reach,
): Promise<Page & { readonly looked: number }> {
  let newerThan = -Infinity;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { slots, next, snapshots } = await gridOf(deps, call, hostId, window, reach, newerThan);
    const stretch = interval(slots[0]?.start ?? window.start, slots.at(-1)?.end ?? window.start + 1);
    const booked = await readBookedTime(deps.pool, hostId, stretch, call.signal);
    const outdated = snapshots.filter((snapshot) => snapshot.generation !== booked.generation);
    if (outdated.length === 0) {
      return { slots: openSlots(slots, booked.active, booked.now), next, looked: snapshots.length };
    }
    newerThan = Math.max(...outdated.map((snapshot) => snapshot.begunAt));
    if (attempt > 1) await pauseAfter(attempt, call);
  }
  throw new Refusal("BUSY", "the host's availability keeps changing", { retryAfterMs: 200 });
}

interface Grid extends Page {
  /** What the slots were computed from: more than one where the window crosses the edge of what one covers. */
  readonly snapshots: readonly Snapshot[];
}

/** The first slots of a window, booked or not. */
async function gridOf(
  deps: BookingDeps,
  call: Call,
  hostId: string,
  window: Interval,
  { count, snapshots: snapshotsMax }: Reach,
  newerThan: number,
): Promise<Grid> {
  const slots: Interval[] = [];
  const snapshots: Snapshot[] = [];
  let from = window.start;
  while (from < window.end && snapshots.length < snapshotsMax) {
    const snapshot = await deps.snapshots.at(hostId, from, newerThan, call);
    const end = Math.min(window.end, snapshot.covered.end);
    snapshots.push(snapshot);
    slots.push(...slotsIn(snapshot.open, { start: from, end }, count - slots.length));
    const last = slots.at(-1);
    if (slots.length === count && last !== undefined) {
      // A slot that starts in the window's last millisecond leaves nothing, not an empty window that the next page would refuse.
      const next = last.start + 1 < window.end ? last.start + 1 : undefined;
      return { slots, snapshots, next };
    }
    from = end;
  }
  return { slots, snapshots, next: from < window.end ? from : undefined };
}
