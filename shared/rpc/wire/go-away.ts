/**
 * How a server sends the client of an HTTP/2 connection away without losing a call (RFC 9113, 6.8). A GOAWAY refuses what the
 * client has sent before it reads that, and not every client sends a refused call again. So the client is first asked, by a
 * GOAWAY that refuses nothing, to open no more streams; once it has heard that, the last GOAWAY finds no stream on its way.
 */

import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import { CLOSE_GRACE_MS } from "./limits.ts";

/**
 * A whole frame: GOAWAY, no error, with the highest number that a stream can have. Node's own `goaway` can say the same, but
 * the library below it drops each stream that comes after any GOAWAY that it has sent itself.
 */
const NOTICE = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * Closes the session after its last stream, and lets the client know. Resolves when it opens no more streams. `socket` carries
 * the session; undefined if it is one of TLS, which takes no bytes of ours between those of the session: then streams that are
 * on their way are refused (REFUSED_STREAM).
 */
export async function goAway(session: Http2Session, socket: Socket | undefined): Promise<void> {
  if (socket !== undefined) await withinGrace(notify(session, socket));
  if (!session.closed && !session.destroyed) session.close();
}

async function notify(session: Http2Session, socket: Socket): Promise<void> {
  // Its answer says that ours was not the first frame: a connection begins with other ones.
  await answeredPing(session);
  // After the last GOAWAY the notice would break the protocol.
  if (session.closed || session.destroyed || !socket.writable) return;
  // Between two frames: Node hands over none in pieces.
  socket.write(NOTICE);
  // Its answer comes behind all that the client had sent before it read the notice.
  await answeredPing(session);
}

/** Resolves when the client has answered, or the session is over. */
function answeredPing(session: Http2Session): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (session.closed || session.destroyed) return Promise.resolve();
  const done = (): void => {
    session.off("close", done);
    resolve();
  };
  session.once("close", done);
  session.ping(done);
  return promise;
}

/** A client that does not answer is not waited for. */
async function withinGrace(work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CLOSE_GRACE_MS);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
