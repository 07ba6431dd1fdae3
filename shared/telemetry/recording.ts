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
import type { Keeping } from "./keeping.ts";
import { placeOf } from "./span-context.ts";
import type { TracePlace } from "./trace-context.ts";

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** On the scale of `monotonicMs`; left out: now. */
  readonly startedAt?: number;
  /** Other spans that it belongs with. The SDK keeps LINKS_MAX of them. */
  readonly links?: readonly Recording[];
}

export const LINKS_MAX = 128;

/** A span of a trace that is kept, while it lasts. */
export class Recording {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #keeping: Keeping | undefined;
  #asParent: Context | undefined;
  #ended = false;

  constructor(tracer: Tracer, span: Span, keeping: Keeping | undefined) {
    this.#tracer = tracer;
    this.#span = span;
    this.#keeping = keeping;
  }

  get place(): TracePlace {
    return placeOf(this.#span.spanContext());
  }

  /** Begins a child. */
  begin(name: string, options: SpanOptions = {}): Recording {
    this.#asParent ??= spans.setSpan(ROOT_CONTEXT, this.#span);
    const { kind = SpanKind.INTERNAL, attributes = {}, startedAt = monotonicMs(), links = [] } = options;
    const linked = links.slice(0, LINKS_MAX).map((other) => ({ context: other.#span.spanContext() }));
    const span = this.#tracer.startSpan(
      name,
      { kind, attributes, startTime: startedAt, links: linked },
      this.#asParent,
    );
    return new Recording(this.#tracer, span, this.#keeping);
  }

  note(attributes: Attributes): void {
    if (!this.#ended) this.#span.setAttributes(attributes);
  }

  link(other: Recording): void {
    if (!this.#ended) this.#span.addLink({ context: other.#span.spanContext() });
  }

  /** An operator must look at it. */
  fail(): void {
    if (!this.#ended) this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  /** Only the first time counts. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const endedAt = monotonicMs();
    if (this.#keeping === undefined) this.#span.end(endedAt);
    else this.#keeping.whenKept(() => this.#span.end(endedAt));
  }
}
