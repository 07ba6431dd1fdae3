/** What a row of the table of who may call what is made of. */

import type { DescService } from "@bufbuild/protobuf";
import type { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clients } from "./clients.ts";

/** The columns: no token; the host and the guest that a call is about, and others; an administrator; the two services. */
export const callers = [
  "nobody",
  "host",
  "another host",
  "guest",
  "another guest",
  "admin",
  "booking",
  "availability",
] as const;
export type Caller = (typeof callers)[number];

/** `+` OK, `-` PERMISSION_DENIED, `?` UNAUTHENTICATED, `0` NOT_FOUND: as if there were no such booking. */
export const codes: Readonly<Record<string, string>> = {
  "+": "OK",
  "-": "PERMISSION_DENIED",
  "?": "UNAUTHENTICATED",
  "0": "NOT_FOUND",
};

export interface World {
  readonly hostId: string;
  readonly guestId: string;
  /** Of an administrator, for what must be there before a call. */
  readonly clients: Clients;
  /** A free slot of the host, another one each time. */
  readonly nextSlot: () => {
    startTime: ReturnType<typeof timestampFromMs>;
    endTime: ReturnType<typeof timestampFromMs>;
  };
}

/** Makes what the call needs and returns the call, to be made once, by anybody. */
export type Call = (world: World) => Promise<(clients: Clients) => Promise<unknown>>;

/** The signs in the order of `callers`. */
export type Row = readonly [expected: string, call: Call];

/** A method that is missing does not compile. Some are called in several ways. */
export type Table<S extends DescService> = { readonly [Method in keyof S["method"]]: Readonly<Record<string, Row>> };

/** A call about the host. */
export function ofHost(call: (as: Clients, hostId: string) => Promise<unknown>): Call {
  return async ({ hostId }) =>
    (as) =>
      call(as, hostId);
}
