/** A client that reads a stream of the gateway piece by piece. */

import type { GatewayUnderTest } from "./started.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

export interface Watch {
  readonly status: number;
  readonly contentType: string | null;
  /** The next piece up to a separator: a line, or an event. Undefined at the end. */
  next(): Promise<string | undefined>;
  leave(): void;
}

/** Watches bookings through a gateway, as an administrator. */
export async function watch(
  { url }: GatewayUnderTest,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Watch> {
  const leaving = new AbortController();
  const answer = await fetch(`${url}/bookings:watch?${query}`, {
    headers: { ...(await authorizationOf(admin)), ...headers },
    signal: leaving.signal,
  });
  const contentType = answer.headers.get("content-type");
  const separator = contentType === "text/event-stream" ? "\n\n" : "\n";
  const pieces = answer.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let rest = "";
  return {
    status: answer.status,
    contentType,
    async next() {
      while (!rest.includes(separator)) {
        const piece = await pieces.next();
        if (piece.done === true) return rest === "" ? undefined : rest;
        rest += piece.value;
      }
      const at = rest.indexOf(separator);
      const text = rest.slice(0, at);
      rest = rest.slice(at + separator.length);
      return text;
    },
    leave: () => leaving.abort(),
  };
}
