import type { Random } from "./random.ts";

/** A stranger's word of a trace that is to be kept: by the standard, nearly, or not at all. */
export function traceHeaders(random: Random): (readonly [name: string, value: string])[] {
  const [traceId, spanId] = [random.bytes(16).toString("hex"), random.bytes(8).toString("hex")];
  const good = `00-${traceId}-${spanId}-01`;
  const zeros = `00-${"0".repeat(32)}-${spanId}-01`;
  return [
    [
      "traceparent",
      random.pick([
        good,
        good,
        `${good}-more`,
        good.toUpperCase(),
        zeros,
        `ff${good.slice(2)}`,
        "",
        ",",
        good.repeat(9),
      ]),
    ],
    ["tracestate", random.pick(["a=1", "a=1,b=2", "=", ",".repeat(600), `a=${"x".repeat(600)}`, "a=\u{FF}"])],
    ["x-request-id", random.pick(["crm-1", "", " ", "x".repeat(129), "\u{FF}", "a b"])],
  ];
}
