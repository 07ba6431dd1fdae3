import { describe, expect, test } from "vitest";
import { isSampled, traceHeadersOf, tracePlaceIn } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const good = `00-${TRACE}-${SPAN}-01`;

describe("a traceparent", () => {
  test("names trace, span and whether it is kept", () => {
    const place = tracePlaceIn({ traceparent: good });
    expect(place).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1, state: undefined });
    expect(isSampled(place!)).toBe(true);
    expect(isSampled(tracePlaceIn({ traceparent: good.replace(/1$/, "0") })!)).toBe(false);
  });

  test("goes on as it came", () => {
    expect(traceHeadersOf(tracePlaceIn({ traceparent: good, tracestate: "a=b" })!)).toEqual({
      traceparent: good,
      tracestate: "a=b",
    });
    expect(traceHeadersOf(tracePlaceIn({ traceparent: `00-${TRACE}-${SPAN}-03` })!)).toEqual({
      traceparent: `00-${TRACE}-${SPAN}-03`,
    });
  });

  test("of a later version is read as far as this one goes, and its unknown flags go no further", () => {
    expect(tracePlaceIn({ traceparent: `cc-${TRACE}-${SPAN}-fd-and-more` })?.flags).toBe(1);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["an empty text", ""],
    ["a list", [good]],
    ["two of them", `${good}, ${good}`],
    ["more behind it", `${good}-00`],
    ["capital letters", good.toUpperCase()],
    ["version ff", good.replace("00-", "ff-")],
    ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["a short trace", `00-${TRACE.slice(1)}-${SPAN}-01`],
    ["no digits", `00-${"g".repeat(32)}-${SPAN}-01`],
    ["blanks around it", ` ${good} `],
    ["a line break", `${good}\n`],
    ["a megabyte", `cc-${TRACE}-${SPAN}-01-${"a".repeat(1_000_000)}`],
  ])("that is %s counts as none", (_what, traceparent) => {
    expect(tracePlaceIn({ traceparent, tracestate: "a=b" })).toBeUndefined();
  });
});

describe("a tracestate", () => {
  const stateOf = (tracestate: unknown): string | undefined => tracePlaceIn({ traceparent: good, tracestate })?.state;

  test.each([
    ["a=b", "a=b"],
    ["congo=t61rcWkgMzE , rojo=00f067aa0ba902b7", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"],
    ["fw529a3039@dt=FfAB;x y, ,", "fw529a3039@dt=FfAB;x y"],
  ])("of other systems is kept: %s", (given, kept) => {
    expect(stateOf(given)).toBe(kept);
  });

  test.each<[string, unknown]>([
    ["nothing in it", " , "],
    ["no value", "a"],
    ["an equals sign in a value", "a=b=c"],
    ["a capital in a key", "A=b"],
    ["a character that is none", "a=\u{FF}"],
    ["33 members", Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(",")],
    ["more than 512 characters", `a=${"b".repeat(511)}`],
    ["a list", ["a=b"]],
  ])("with %s is dropped, and the trace goes on", (_what, given) => {
    expect(tracePlaceIn({ traceparent: good, tracestate: given })).toMatchObject({ traceId: TRACE, state: undefined });
  });
});
