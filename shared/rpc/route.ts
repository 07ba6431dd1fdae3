import type { DescMessage, DescMethod, DescService, Message, MessageInitShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { type MethodAccess, OPEN } from "../auth/access.ts";
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
  /** Who may call it. */
  readonly access: MethodAccess | typeof OPEN;
  /** Made once per method: a child logger per call would cost more than the line that it writes. */
  readonly log: Logger;
}

/** A service of a contract, what answers its methods, and who may call them. */
export interface ServiceEntry {
  readonly service: DescService;
  /** Keyed by the methods' local names (`createBooking`), as is the access. */
  readonly handlers: Readonly<Record<string, unknown>>;
  readonly access: Readonly<Record<string, MethodAccess>> | typeof OPEN;
}

/** One route for each method. */
export function routesOf({ service, handlers, access }: ServiceEntry, log: Logger): Route[] {
  return service.methods.map((method) => {
    const name = `${service.typeName}/${method.name}`;
    const handler = handlers[method.localName];
    if (typeof handler !== "function") throw new Error(`${name} has no handler`);
    const methodAccess = access === OPEN ? OPEN : access[method.localName];
    if (methodAccess === undefined) throw new Error(`nothing says who may call ${name}`);
    const own = { kind: method.methodKind, method, path: `/${name}`, access: methodAccess };
    // `Handlers<S>` has checked kind and types of every handler where the entry was made.
    return { ...own, handler, log: log.child({ method: name }) } as Route;
  });
}
