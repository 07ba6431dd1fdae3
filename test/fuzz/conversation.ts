/** What a client says on one connection, and how: enough to say it again. */

import type { ProgramName } from "../../services/dev/children.ts";

export const doorNames = [
  "availability grpc",
  "availability connect",
  "booking grpc",
  "booking connect",
  "gateway",
] as const;

/** A port of a program. */
export type DoorName = (typeof doorNames)[number];

/**
 * What the client waits for before its next write: nothing, some turns of the event loop, or an answer (not for ever).
 */
export type Pause = "nothing" | "a turn" | "an answer";

export interface Write {
  readonly bytes: Buffer;
  /** Before the next write. */
  readonly pause: Pause;
}

export interface Tls {
  /** What the client offers by ALPN; empty for no offer. */
  readonly alpn: readonly string[];
  /** After how many bytes the connection is cut, those of the handshake included. */
  readonly cutAfter?: number;
}

export interface Conversation {
  readonly door: DoorName;
  /** Undefined: in plain text at a plain port. "plain text": the same at a port that expects TLS. */
  readonly tls: Tls | "plain text" | undefined;
  readonly writes: readonly Write[];
  /** How the client ends it: it waits for the answers, closes its half and then waits, closes at once, or resets. */
  readonly end: "wait" | "half-close" | "close" | "reset";
  /** What was drawn, for people. */
  readonly about: string;
}

export function programOf(door: DoorName): ProgramName {
  return door.split(" ")[0] as ProgramName;
}

/** One line of JSON, with each write in hex: what `--replay` takes. */
export function formatConversation({ writes, ...rest }: Conversation): string {
  return JSON.stringify({ ...rest, writes: writes.map(({ bytes, pause }) => [bytes.toString("hex"), pause]) });
}

/** Throws if it is none. */
export function parseConversation(text: string): Conversation {
  type Formatted = Omit<Conversation, "writes"> & { readonly writes: readonly [hex: string, then: Pause][] };
  const { writes, ...rest } = JSON.parse(text) as Formatted;
  if (!doorNames.includes(rest.door)) throw new Error(`there is no door "${rest.door}"`);
  return { ...rest, writes: writes.map(([hex, pause]) => ({ bytes: Buffer.from(hex, "hex"), pause })) };
}
