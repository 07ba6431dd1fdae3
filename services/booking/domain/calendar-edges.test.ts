/** What a calendar says at its edges, as pictures of time: one character an instant. */

import { describe, expect, test } from "vitest";
import { cutTo } from "../../../test/support/calendar-model.ts";
import { ANY_TIME } from "../../../test/support/calendars.ts";
import { type Instant, interval, type Interval } from "../../../shared/interval.ts";
import { type Calendar, isAboutOpenTime, type OpenInterval, refusal, slots, type Terms } from "./calendar.ts";
import { occupied, type Rules } from "./rules.ts";
import type { Taken } from "./seats.ts";

const at = (now: Instant): Terms => ({ now, ignoresNotice: false });

function picture(characters: string, mark: string): Interval[] {
  return characters.split("").flatMap((character, start) => (character === mark ? [{ start, end: start + 1 }] : []));
}

const startsOf = (listed: readonly Interval[]): number[] => listed.map(({ start }) => start);

function calendarOf(open: Interval, rules: Partial<Rules>): Calendar {
  return { generation: 0, covered: open, intervals: cutTo(open, [open]), rules: { ...ANY_TIME, ...rules } };
}

describe("a calendar", () => {
  test.each([
    { open: "##.##", taken: ".....", free: "##.##" },
    { open: "##.##", taken: ".1...", free: "#..##" },
    { open: "#####", taken: "11..1", free: "..##." },
    { open: ".....", taken: ".....", free: "....." },
  ])("of $open with $taken taken lists $free", ({ open, taken, free }) => {
    const covered = interval(0, open.length);
    const calendar = { generation: 0, covered, intervals: cutTo(covered, picture(open, "#")), rules: ANY_TIME };
    const booked = picture(taken, "1").map((each) => ({ ...each, seat: 1 }));
    expect(slots(calendar, { window: covered }, at(0), booked)).toEqual(
      picture(free, "#").map((each) => ({ ...each, openSeats: 1 })),
    );
  });

  // Each line is a seat. The digits are the seats that are open.
  test.each([
    { taken: ["....11.."], rules: { seats: 2 }, open: "22221122" },
    { taken: ["1111....", "..1111.."], rules: { seats: 2 }, open: "11..1122" },
    // In a slot of three instants both seats are met, one after the other: no seat is free for all of it.
    { taken: ["1.......", "..1....."], rules: { seats: 2, slotMs: 3 }, open: "...222.." },
    // A third seat that the host has no more counts as long as a booking is in it.
    { taken: ["........", "........", "..11...."], rules: { seats: 1 }, open: "11..1111" },
    { taken: ["........", "........", "..11...."], rules: { seats: 2 }, open: "22112222" },
    { taken: ["...1...."], rules: { bufferBeforeMs: 1 }, open: "111..111" },
    { taken: ["...1...."], rules: { bufferAfterMs: 2 }, open: "1...1111" },
    { taken: ["...1...."], rules: { bufferBeforeMs: 2, bufferAfterMs: 1, seats: 2 }, open: "22111122" },
  ])("of which $taken is taken under $rules has $open open", ({ taken, rules, open }) => {
    const seats = taken.flatMap((line, index) => picture(line, "1").map((each) => ({ ...each, seat: index + 1 })));
    const day = interval(0, open.length);
    const inOrder = seats.toSorted((a, b) => a.start - b.start);
    const listed = slots(calendarOf(day, rules), { window: day }, at(0), inOrder);
    const drawn = listed.map(({ openSeats, start, end }) =>
      String(openSeats)
        .repeat(end - start)
        .padStart(end, "."),
    );
    const line = Array.from(open, (_, index) => drawn.find((each) => (each[index] ?? ".") !== ".")?.[index] ?? ".");
    expect(line.join("")).toBe(open);
  });

  // The letters are the slots. A grid that began some instants ago goes on as if nothing had been cut.
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
      const intervals: OpenInterval[] = [{ ...stretch(pictures.open), origin }];
      const covered = stretch(pictures.covered);
      const calendar = { generation: 0, covered, intervals, rules: { ...ANY_TIME, slotMs: 3 } };
      const expected = Array.from(listed.matchAll(/(\w)\1*/g), ({ index }) => index);
      expect(startsOf(slots(calendar, { window: interval(0, 8) }, at(0), []))).toEqual(expected);
    },
  );

  test("takes whole slots of an interval that was cut, and no others", () => {
    const covered = interval(0, 8);
    const cut = { start: 0, end: 8, origin: -3_000_000_000_001 };
    const calendar = { generation: 0, covered, intervals: [cut], rules: { ...ANY_TIME, slotMs: 3 } };
    const reasonOf = (start: Instant, end: Instant): string | undefined =>
      refusal(calendar, interval(start, end), at(0), [])?.reason;
    expect([reasonOf(2, 5), reasonOf(5, 8), reasonOf(2, 8)]).toEqual([undefined, undefined, undefined]);
    expect([reasonOf(0, 3), reasonOf(0, 2), reasonOf(2, 4)]).toEqual(["OFF_GRID", "OFF_GRID", "OFF_GRID"]);
    expect(reasonOf(5, 9)).toBe("OUTSIDE_AVAILABILITY");
  });

  test("offers a slot that starts this very millisecond, and not one that started the millisecond before", () => {
    const calendar = calendarOf(interval(0, 100), { slotMs: 10 });
    const reasonAt = (now: Instant): string | undefined => refusal(calendar, interval(10, 20), at(now), [])?.reason;
    expect([reasonAt(10), reasonAt(11)]).toEqual([undefined, "START_IN_PAST"]);
    expect(startsOf(slots(calendar, { window: interval(0, 30) }, at(11), []))).toEqual([20]);
  });

  test("offers what starts when the notice ends and when the horizon does, and nothing before or behind", () => {
    const calendar = calendarOf(interval(0, 100), { slotMs: 10, noticeMs: 30, horizonMs: 50 });
    const window = interval(0, 100);
    expect(startsOf(slots(calendar, { window }, at(0), []))).toEqual([30, 40, 50]);
    expect(startsOf(slots(calendar, { window }, at(1), []))).toEqual([40, 50]);
    expect(startsOf(slots(calendar, { window }, { now: 1, ignoresNotice: true }, []))).toEqual([10, 20, 30, 40, 50]);
    const reasonAt = (now: Instant): string | undefined => refusal(calendar, interval(50, 60), at(now), [])?.reason;
    expect([-1, 0, 20, 21, 50, 51].map(reasonAt)).toEqual([
      "TOO_FAR",
      undefined,
      undefined,
      "TOO_SOON",
      "TOO_SOON",
      "START_IN_PAST",
    ]);
  });

  test("may allow later what it refuses for its open time, and nothing else", () => {
    const calendar = calendarOf(interval(0, 13), { slotMs: 2, noticeMs: 2, horizonMs: 6 });
    const taken: Taken[] = [{ seat: 1, ...interval(6, 8) }];
    const refused = (start: Instant): string | undefined => {
      const why = refusal(calendar, interval(start, start + 2), at(2), taken);
      return why === undefined ? undefined : `${why.reason} ${isAboutOpenTime(why)}`;
    };
    expect([12, 5].map(refused)).toEqual(["OUTSIDE_AVAILABILITY true", "OFF_GRID true"]);
    expect([0, 2, 6, 10].map(refused)).toEqual([
      "START_IN_PAST false",
      "TOO_SOON false",
      "SLOT_TAKEN false",
      "TOO_FAR false",
    ]);
    expect([4, 8].map(refused)).toEqual([undefined, undefined]);
  });
});

test("a booking occupies its seat with its buffers, which may reach below zero", () => {
  const rules = { ...ANY_TIME, bufferBeforeMs: 5, bufferAfterMs: 7 };
  expect(occupied(rules, interval(3, 10))).toEqual({ start: -2, end: 17 });
  expect(occupied(ANY_TIME, interval(3, 10))).toEqual(interval(3, 10));
});
