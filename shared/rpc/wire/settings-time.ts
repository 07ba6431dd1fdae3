import type { ServerHttp2Session } from "node:http2";

/**
 * Cuts off a connection that does not begin as HTTP/2 must, with its preface and its settings, in time. Otherwise it counts
 * as one that is idle, which may stay for minutes, and connections that say nothing cost a client nothing.
 */
export function limitSettingsTime(session: ServerHttp2Session, timeoutMs: number): void {
  const timer = setTimeout(() => session.destroy(), timeoutMs);
  const disarm = (): void => clearTimeout(timer);
  session.once("remoteSettings", disarm);
  session.once("close", disarm);
}
