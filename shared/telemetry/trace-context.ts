/**
 * Where a call is in its trace, as it travels in headers: `traceparent` and `tracestate` (W3C Trace Context). A stranger
 * writes them, so whatever is not exactly that counts as nothing, and is looked at only as far as it may be long.
 *
 * https://www.w3.org/TR/trace-context/
 */

import type { TracePlace } from "../trace.ts";

/** The headers of a request, by their names in small letters. One that is no text counts as none. */
export type RequestHeaders = Readonly<Record<string, unknown>>;

/** Whoever began the trace wants it kept. */
export const SAMPLED = 1;
/** The trace id is random in its last 7 bytes. */
const RANDOM = 2;

const VERSION_0_LENGTH = 55;
/** Later versions may have more behind it. */
const PARENT_MAX_LENGTH = 256;
const PARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const ONLY_ZEROS = /^0+$/;

const STATE_MAX_LENGTH = 512;
const STATE_MEMBERS_MAX = 32;
const STATE_MEMBER = /^[\da-z][\d_a-z*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The place that a request names; undefined if it names none, or not by the standard. */
export function tracePlaceIn({ traceparent, tracestate }: RequestHeaders): TracePlace | undefined {
  if (typeof traceparent !== "string" || traceparent.length > PARENT_MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags] = PARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined || version === "ff") return undefined;
  if (version === "00" && traceparent.length !== VERSION_0_LENGTH) return undefined;
  if (ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return undefined;
  const known = Number.parseInt(flags, 16) & (SAMPLED | RANDOM);
  return { traceId, spanId, flags: known, state: stateIn(tracestate) };
}

/** The headers that name the place to a peer. */
export function traceHeadersOf({ traceId, spanId, flags, state }: TracePlace): Record<string, string> {
  const traceparent = `00-${traceId}-${spanId}-0${flags}`;
  return state === undefined ? { traceparent } : { traceparent, tracestate: state };
}

export function isSampled({ flags }: TracePlace): boolean {
  return (flags & SAMPLED) !== 0;
}

function stateIn(tracestate: unknown): string | undefined {
  if (typeof tracestate !== "string" || tracestate.length > STATE_MAX_LENGTH) return undefined;
  const members = tracestate.split(",").map((member) => member.trim());
  const said = members.filter((member) => member !== "");
  const isGood = members.length <= STATE_MEMBERS_MAX && said.every((member) => STATE_MEMBER.test(member));
  return isGood && said.length > 0 ? said.join(",") : undefined;
}
