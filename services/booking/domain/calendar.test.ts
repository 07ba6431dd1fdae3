import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyInterval, MODEL_END, separateIntervals } from "../../../test/support/interval-model.ts";
import { type Instant, interval, type Interval, overlaps } from "../../../shared/interval.ts";
import { type Calendar, isAboutOpenTime, type OpenInterval, refusal, slots } from "./calendar.ts";

/** Bookings of one host, by start: some touch, none overlap. */
const anyBooked = fc
  .tuple(fc.uniqueArray(fc.nat(MODEL_END), { maxLength: 8 }), fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }))
  .map(([cuts, isBooked]) => {
    const edges = cuts.toSorted((a, b) => a - b);
    return edges.slice(1).flatMap((end, index) => (isBooked[index] === true ? [interval(edges[index]!, end)] : []));
  });

/** The longest candidate, and the longest slot. */
const LONGEST = 7;

/** A host's open time, whole, and a calendar of it. */
interface Situation {
  readonly open: readonly Interval[];
  readonly calendar: Calendar;
}

const anySituation: fc.Arbitrary<Situation> = fc
  .record({
    generation: fc.nat(),
    covered: anyInterval,
    open: separateIntervals,
    slotMs: fc.integer({ min: 1, max: LONGEST }),
  })
  .map(({ open, ...rest }) => ({ open, calendar: { ...rest, intervals: cutTo(rest.covered, open) } }));

const situation = [anySituation, anyBooked, fc.nat(MODEL_END)] as const;

/** Open time as a calendar has it: cut to what is covered and to what a candidate that starts there may reach. */
function cutTo(covered: Interval, open: readonly Interval[]): OpenInterval[] {
  return open
    .filter((each) => overlaps(each, covered))
    .map(({ start, end }) => ({
      start: Math.max(start, covered.start),
      end: Math.min(end, covered.end + LONGEST),
      origin: start,
    }));
}

/** Every candidate of the model that starts in what a calendar covers. */
function candidatesOf({ covered }: Calendar): Interval[] {
  return Array.from({ length: covered.end - covered.start }, (_, index) =>
    Array.from({ length: LONGEST }, (__, length) =>
      interval(covered.start + index, covered.start + index + length + 1),
    ),
  ).flat();
}

/** The slots of an open interval, found by counting every instant from its start. */
function slotsByCounting(available: Interval, slotMs: number): Interval[] {
  const found: Interval[] = [];
  let counted = 0;
  for (let instant = available.start; instant < available.end; instant += 1) {
    counted += 1;
    if (counted < slotMs) continue;
    found.push(interval(instant + 1 - slotMs, instant + 1));
    counted = 0;
  }
  return found;
}

/** Whether every instant of a candidate is in one of some intervals. */
function isFilledBy(intervals: readonly Interval[], candidate: Interval): boolean {
  for (let instant = candidate.start; instant < candidate.end; instant += 1) {
    if (!intervals.some(({ start, end }) => start <= instant && instant < end)) return false;
  }
  return true;
}

function isTouchedBy(booked: readonly Interval[], { start, end }: Interval): boolean {
  for (let instant = start; instant < end; instant += 1)
    if (isFilledBy(booked, { start: instant, end: instant + 1 })) return true;
  return false;
}

/** Why a candidate cannot be booked, by looking at its instants one by one. */
function reasonByCounting(
  { open, calendar }: Situation,
  candidate: Interval,
  now: Instant,
  booked: readonly Interval[],
) {
  const available = open.find((each) => isFilledBy([each], candidate));
  if (available === undefined) return "OUTSIDE_AVAILABILITY";
  const within = slotsByCounting(available, calendar.slotMs).filter((slot) => isFilledBy([candidate], slot));
  if (!isFilledBy(within, candidate)) return "OFF_GRID";
  if (candidate.start < now) return "START_IN_PAST";
  return isTouchedBy(booked, candidate) ? "SLOT_TAKEN" : undefined;
}

/** Pictures of time: one character an instant. */
function picture(characters: string, mark: string): Interval[] {
  return characters.split("").flatMap((character, start) => (character === mark ? [{ start, end: start + 1 }] : []));
}

describe("a calendar", () => {
  test("refuses what counting instant by instant refuses, for the same reason", () => {
    fc.assert(
      fc.property(...situation, (at, booked, now) => {
        const candidates = candidatesOf(at.calendar);
        const expected = candidates.map((candidate) => reasonByCounting(at, candidate, now, booked));
        expect(candidates.map((each) => refusal(at.calendar, each, now, booked)?.reason)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("lists exactly those candidates of one slot that it does not refuse, by start, whatever the window", () => {
    fc.assert(
      fc.property(...situation, anyInterval, ({ calendar }, booked, now, window) => {
        const starts = candidatesOf(calendar)
          .filter(
            ({ start, end }) => end - start === calendar.slotMs && isFilledBy([window], { start, end: start + 1 }),
          )
          .filter((candidate) => refusal(calendar, candidate, now, booked) === undefined);
        expect(slots(calendar, window, now, booked)).toEqual(starts.toSorted((a, b) => a.start - b.start));
      }),
      { numRuns: 1000 },
    );
  });

  test("lists each slot once in neighbouring windows", () => {
    fc.assert(
      fc.property(...situation, fc.integer({ min: 1, max: MODEL_END - 1 }), ({ calendar }, booked, now, middle) => {
        const listed = (start: Instant, end: Instant): Interval[] => slots(calendar, { start, end }, now, booked);
        expect([...listed(0, middle), ...listed(middle, MODEL_END)]).toEqual(listed(0, MODEL_END));
      }),
    );
  });

  test("lists in neighbouring parts, each with a calendar of its own, what one calendar lists", () => {
    fc.assert(
      fc.property(
        ...situation,
        fc.integer({ min: 1, max: MODEL_END - 1 }),
        ({ open, calendar }, booked, now, middle) => {
          const listed = (start: Instant, end: Instant): Interval[] => {
            const covered = interval(start, end);
            return slots({ ...calendar, covered, intervals: cutTo(covered, open) }, covered, now, booked);
          };
          expect([...listed(0, middle), ...listed(middle, MODEL_END)]).toEqual(listed(0, MODEL_END));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("lists no more than it is asked for, and those are the first", () => {
    fc.assert(
      fc.property(...situation, fc.integer({ min: 1, max: 5 }), ({ calendar }, booked, now, most) => {
        const window = interval(0, MODEL_END);
        expect(slots(calendar, window, now, booked, most)).toEqual(slots(calendar, window, now, booked).slice(0, most));
      }),
    );
  });

  test.each([
    { open: "##.##", booked: ".....", free: "##.##" },
    { open: "##.##", booked: ".#...", free: "#..##" },
    { open: "#####", booked: "##..#", free: "..##." },
    { open: ".....", booked: ".....", free: "....." },
  ])("of $open with $booked booked lists $free", ({ open, booked, free }) => {
    const covered = interval(0, open.length);
    const calendar = { generation: 0, covered, intervals: cutTo(covered, picture(open, "#")), slotMs: 1 };
    expect(slots(calendar, covered, 0, picture(booked, "#"))).toEqual(picture(free, "#"));
  });

  // The letters are the slots. A grid that began so many instants ago goes on as if nothing had been cut.
  test.each([
    { origin: 0, covered: "########", open: "########", slots: "aaabbb.." },
    { origin: -1, covered: "########", open: "########", slots: "..aaabbb" },
    { origin: -2, covered: "########", open: "########", slots: ".aaabbb." },
    { origin: -3_000_000_000_001, covered: "########", open: "########", slots: "..aaabbb" },
    { origin: -3_000_000_000_001, covered: "########", open: "#####...", slots: "..aaa..." },
    { origin: -3_000_000_000_001, covered: "########", open: "##......", slots: "........" },
    // A slot belongs to the calendar that covers its start.
    { origin: -3_000_000_000_001, covered: "###.....", open: "########", slots: "..aaa..." },
    { origin: -3_000_000_000_001, covered: "...#####", open: "...#####", slots: ".....aaa" },
    { origin: 3, covered: "########", open: "...#####", slots: "...aaa.." },
  ])(
    "of $open, open since $origin, lists $slots where it covers $covered",
    ({ origin, slots: listed, ...pictures }) => {
      const stretch = (characters: string): Interval =>
        interval(characters.indexOf("#"), characters.lastIndexOf("#") + 1);
      const covered = stretch(pictures.covered);
      const calendar = { generation: 0, covered, intervals: [{ ...stretch(pictures.open), origin }], slotMs: 3 };
      const expected = Array.from(listed.matchAll(/(\w)\1*/g), ({ index }) => interval(index, index + 3));
      expect(slots(calendar, interval(0, 8), 0, [])).toEqual(expected);
    },
  );

  test("takes whole slots of an interval that was cut, and no others", () => {
    const covered = interval(0, 8);
    const cut = { start: 0, end: 8, origin: -3_000_000_000_001 };
    const reasonOf = (start: Instant, end: Instant): string | undefined =>
      refusal({ generation: 0, covered, intervals: [cut], slotMs: 3 }, interval(start, end), 0, [])?.reason;
    expect([reasonOf(2, 5), reasonOf(5, 8), reasonOf(2, 8)]).toEqual([undefined, undefined, undefined]);
    expect([reasonOf(0, 3), reasonOf(0, 2), reasonOf(2, 4)]).toEqual(["OFF_GRID", "OFF_GRID", "OFF_GRID"]);
    expect(reasonOf(5, 9)).toBe("OUTSIDE_AVAILABILITY");
  });

  test("offers a slot that starts this very millisecond, and not one that started the millisecond before", () => {
    const day = interval(0, 100);
    const calendar = { generation: 0, covered: day, intervals: cutTo(day, [day]), slotMs: 10 };
    const reasonAt = (now: Instant): string | undefined => refusal(calendar, interval(10, 20), now, [])?.reason;
    expect([reasonAt(10), reasonAt(11)]).toEqual([undefined, "START_IN_PAST"]);
    expect(slots(calendar, interval(0, 30), 11, [])).toEqual([interval(20, 30)]);
  });

  test("may allow later what it refuses for its open time, and nothing else", () => {
    const covered = interval(0, 9);
    const calendar = { generation: 0, covered, intervals: cutTo(covered, [interval(0, 6)]), slotMs: 2 };
    const refused = (candidate: Interval): boolean | undefined => {
      const why = refusal(calendar, candidate, 2, [interval(4, 6)]);
      return why === undefined ? undefined : isAboutOpenTime(why);
    };
    expect([interval(6, 8), interval(1, 3), interval(0, 2), interval(4, 6), interval(2, 4)].map(refused)).toEqual([
      true,
      true,
      false,
      false,
      undefined,
    ]);
  });
});
