import type { SentSpan } from "./otlp.ts";

/** A span and how deep it lies below the first one of its trace. */
export interface Branch {
  readonly span: SentSpan;
  readonly depth: number;
}

/** The spans of a trace, each behind the one that it is a child of, by their starts. A span whose parent is not there is a first one. */
export function branchesOf(spans: readonly SentSpan[]): Branch[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const childrenOf = Map.groupBy(spans, ({ parentSpanId }) => (ids.has(parentSpanId) ? parentSpanId : ""));
  const below = (parentId: string, depth: number): Branch[] =>
    (childrenOf.get(parentId) ?? [])
      .toSorted((a, b) => Number(a.startNanos - b.startNanos) || a.name.localeCompare(b.name))
      .flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)]);
  return below("", 0);
}

const KINDS = ["", "", "SERVER ", "CLIENT "];

/** `booking SERVER booking.v1.BookingService/CreateBooking` */
export function titleOf({ service, kind, name }: SentSpan): string {
  return `${service.replace("slotwright-", "")} ${KINDS[kind] ?? ""}${name}`;
}
