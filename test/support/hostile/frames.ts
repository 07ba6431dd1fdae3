/** HTTP/2 byte by byte (RFC 9113), for what no well-behaved library would send. */

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  window: 8,
  continuation: 9,
} as const;
/** `acknowledge` is what `endStream` is called on SETTINGS and PING. */
export const FLAG = { none: 0, endStream: 1, acknowledge: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** One frame. `length` is what its header claims, if that is not the payload's. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
  length?: number,
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(length ?? payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** The type and stream of each frame in what a server has sent. */
export function framesIn(sent: Buffer): { readonly type: number; readonly stream: number }[] {
  const frames = [];
  for (let at = 0; at + 9 <= sent.length; at += 9 + sent.readUIntBE(at, 3)) {
    frames.push({ type: sent.readUInt8(at + 3), stream: sent.readUInt32BE(at + 5) });
  }
  return frames;
}

/** Headers in HPACK (RFC 7541), each as a literal: `kind` is its first byte, and 0 says that it is not indexed. */
export function headerBlock(headers: readonly (readonly [name: string, value: string])[], kind = 0): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([kind]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([lengthOf(bytes.length), bytes]);
}

/** An integer with a prefix of seven bits. */
function lengthOf(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return Buffer.from([...bytes, rest]);
}

/** What a client sends first: the preface and its settings. */
export const HELLO = Buffer.concat([PREFACE, frame(TYPE.settings, FLAG.none, 0)]);

/** To be sent last. Its answer, which has the same eight bytes, proves that all before it has been read. */
export const LAST_PING = Buffer.from("the last");

/** A message with the five bytes before it that gRPC wants. `length` is what they claim. */
export function envelope(message: Uint8Array, flags = 0, length = message.length): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(flags, 0);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, message]);
}
