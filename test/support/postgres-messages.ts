/** PostgreSQL's messages as they are on the wire: a letter, the length of what follows it, and the content. */

/** The letter of the message that ends an answer. */
export const READY_FOR_QUERY = "Z".codePointAt(0);

/** The whole messages at the beginning of `bytes`. */
export function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let rest = bytes;
  while (rest.length > 4 && rest.length > rest.readUInt32BE(1)) {
    const length = 1 + rest.readUInt32BE(1);
    messages.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return messages;
}

export function message(letter: string, content: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(content as string);
  const head = Buffer.alloc(5, letter);
  head.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

/** An error with which a server ends the connection. */
export function fatal(sqlState: string, text: string): Buffer {
  return message("E", `SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`);
}
