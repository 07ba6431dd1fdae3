import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as spans,
  type Tracer,
} from "@opentelemetry/api";
import { monotonicMs } from "../clock.ts";
import type { Recording, SpanOptions, TracePlace } from "../trace.ts";
import type { Keeping } from "./keeping.ts";
import { placeOf, spanContextOf } from "./span-context.ts";

/** As many as the SDK keeps. */
const LINKS_MAX = 128;

/** A span of the SDK. */
export class RecordedSpan implements Recording {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #keeping: Keeping | undefined;
  #asParent: Context | undefined;
  #ended = false;

  /** `keeping`: what decides whether it is kept, if that is not known yet. */
  constructor(tracer: Tracer, span: Span, keeping: Keeping | undefined) {
    this.#tracer = tracer;
    this.#span = span;
    this.#keeping = keeping;
  }

  get place(): TracePlace {
    return placeOf(this.#span.spanContext());
  }

  begin(name: string, { kind, attributes = {}, links = [] }: SpanOptions = {}): Recording {
    this.#asParent ??= spans.setSpan(ROOT_CONTEXT, this.#span);
    const options = {
      kind: kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL,
      attributes,
      startTime: monotonicMs(),
      links: links.slice(0, LINKS_MAX).map(({ place }) => ({ context: spanContextOf(place) })),
    };
    return new RecordedSpan(this.#tracer, this.#tracer.startSpan(name, options, this.#asParent), this.#keeping);
  }

  note(attributes: Attributes): void {
    if (!this.#ended) this.#span.setAttributes(attributes);
  }

  link({ place }: Recording): void {
    if (!this.#ended) this.#span.addLink({ context: spanContextOf(place) });
  }

  fail(): void {
    if (!this.#ended) this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const endedAt = monotonicMs();
    if (this.#keeping === undefined) this.#span.end(endedAt);
    else this.#keeping.whenKept(() => this.#span.end(endedAt));
  }
}
