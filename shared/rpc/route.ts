import type { DescMessage, DescMethod, DescService, Message, MessageInitShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { Call } from "./handler.ts";

/** What a handler answers: a message, or the plain object to make it of. */
export type Answer = MessageInitShape<DescMessage>;

/** A method and what answers it, with the types of its messages forgotten: adapters treat all methods alike. */
export type Route =
  | RouteOf<"unary", (request: Message, call: Call) => Promise<Answer>>
  | RouteOf<"server_streaming", (request: Message, call: Call) => AsyncIterable<Answer>>
  | RouteOf<"bidi_streaming", (requests: AsyncIterable<Message>, call: Call) => AsyncIterable<Answer>>;

interface RouteOf<Kind extends DescMethod["methodKind"], AnyHandler> {
  readonly kind: Kind;
  readonly method: DescMethod;
  /** Where both protocols find it: `/booking.v1.BookingService/CreateBooking`. */
  readonly path: string;
  readonly handler: AnyHandler;
  /** Made once per method: a child logger per call would cost more than the line that it writes. */
  readonly log: Logger;
}

/** One route for each method. `handlers` are keyed by the methods' local names (`createBooking`). */
export function routesOf(service: DescService, handlers: Readonly<Record<string, unknown>>, log: Logger): Route[] {
  return service.methods.map((method) => {
    const path = `/${service.typeName}/${method.name}`;
    const handler = handlers[method.localName];
    if (typeof handler !== "function") throw new Error(`${path} has no handler`);
    const name = `${service.typeName}/${method.name}`;
    // `Handlers<S>` has checked kind and types of every handler where the entry was made.
    return { kind: method.methodKind, method, path, handler, log: log.child({ method: name }) } as Route;
  });
}
